// SPDX-License-Identifier: Apache-2.0
//
// InspectionWriter: what the entries of the answer to an inspection have in common, and its bounds. The answer says of
// each kind of things how many there are, and tells of the first ones. It is made while the program goes on, so each
// entry is true by itself; the entries together need not be.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "attr/module.h"
#include "attr/slot.h"
#include "base/json_writer.h"
#include "base/since.h"

namespace opennvsci::api {

class InspectionWriter {
  public:
    static constexpr std::size_t kMostOfAKind = 1000;
    static constexpr std::size_t kMostBytesOfAKind = std::size_t{512} << 10;
    /// Of what may be many in one entry: participants, handles of an object.
    static constexpr std::size_t kMostInAnEntry = 16;
    static constexpr std::size_t kMostTextBytes = 128;

    explicit InspectionWriter(std::string& out) noexcept : out_(&out), json_(out) {}

    [[nodiscard]] JsonWriter& json() noexcept { return json_; }

    // Fields of an object.

    void text(std::string_view key, std::string_view text);
    template <class Number>
    void number(std::string_view key, Number number) {
        json_.key(key);
        json_.number(number);
    }
    void boolean(std::string_view key, bool value) {
        json_.key(key);
        json_.boolean(value);
    }
    void null(std::string_view key) {
        json_.key(key);
        json_.null();
    }
    /// The value of a key, one or several; empty if it is unset.
    void elements(std::string_view key, const attr::Slot& slot, std::uint32_t number);
    /// A handle, or an address, as text: "0x5c02000001000000".
    void handle(std::string_view key, std::uint64_t number);
    /// The handle of a module; null if it is closed, and lives by what belongs to it.
    void module(const attr::Module* module);
    /// When, and how long ago.
    void since(const Since& since);

    // Kinds.

    /// Remembers the handle of a module.
    void know_module(const attr::Module* module, std::uint64_t handle) {
        if (modules_.size() < kMostOfAKind) modules_.emplace(module, handle);
    }

    /// Writes a kind: `write_entries()` calls entry() for each thing, and returns the number under `count_key`.
    template <class WriteEntries>
    void kind(std::string_view name, std::string_view count_key, WriteEntries&& write_entries) {
        json_.key(name);
        json_.begin_object();
        json_.key("entries");
        json_.begin_array();
        entries_ = 0;
        first_byte_ = out_->size();
        const std::size_t count = write_entries();
        json_.end_array();
        number(count_key, count);
        json_.end_object();
    }
    /// Writes one thing, if there is room.
    template <class Write>
    void entry(Write&& write) {
        if (entries_ == kMostOfAKind || out_->size() - first_byte_ > kMostBytesOfAKind) return;
        ++entries_;
        json_.begin_object();
        write();
        json_.end_object();
    }
    /// The kind of what lives in a table of handles: `write(value)` writes the fields of one.
    template <class Table, class Write>
    void kind_of_table(std::string_view name, Table& table, Write&& write) {
        kind(name, "count", [&] {
            std::size_t count = 0;
            table.for_each_own([&](std::uint64_t number, auto& value) {
                ++count;
                entry([&] {
                    handle("handle", number);
                    write(number, value);
                });
            });
            return count;
        });
    }

    /// An array of at most kMostInAnEntry elements: `write(element)` writes one.
    template <class Range, class Write>
    void some_of(std::string_view key, const Range& range, Write&& write) {
        json_.key(key);
        json_.begin_array();
        std::size_t left = kMostInAnEntry;
        for (const auto& element : range) {
            if (left-- == 0) break;
            write(element);
        }
        json_.end_array();
    }

    [[nodiscard]] std::string time_text(std::chrono::nanoseconds ago) const;

  private:
    std::string* out_;
    JsonWriter json_;
    const std::chrono::steady_clock::time_point now_ = std::chrono::steady_clock::now();
    const std::chrono::system_clock::time_point time_ = std::chrono::system_clock::now();
    std::unordered_map<const attr::Module*, std::uint64_t> modules_;
    std::size_t entries_ = 0;     // of the kind that is written
    std::size_t first_byte_ = 0;  // of its entries
};

}  // namespace opennvsci::api
