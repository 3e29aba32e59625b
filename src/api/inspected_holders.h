// SPDX-License-Identifier: Apache-2.0
//
// Holders: what holds the objects that an inspection tells of: handles, imports into CUDA and Vulkan, mappings, and the
// peers that they went to or came from. Objects are told apart by their addresses and are not held, so that none ends
// later than the program wants; one that ends meanwhile may have told half of what held it.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "api/inspection_writer.h"
#include "api/transfers.h"
#include "attr/list.h"
#include "vulkan/physical_device.h"

namespace opennvsci::api {

struct Holder {
    std::uint64_t number;  ///< a handle, of Vulkan's too, or a device pointer
    Since since;
};

/// Objects with facts of the type Facts, which know their holders, in the order in which they were met.
template <class Facts>
class HeldObjects {
  public:
    struct Entry {
        const void* object;
        Facts facts;
        std::vector<Holder> handles;
        std::vector<Holder> imports;
        std::vector<Holder> mappings;
        std::vector<Holder> of_vulkan;  ///< imports of memory, or semaphore pools
        std::vector<Holder> tensors;
        std::vector<Transfer> transfers;
    };

    /// The entry of an object, with `facts()` if it is new; null if there is no room for another one.
    template <class MakeFacts>
    Entry* of(const void* object, MakeFacts&& facts) {
        const auto known = places_.find(object);
        if (known != places_.end()) return &entries_[known->second];
        if (entries_.size() == InspectionWriter::kMostOfAKind) return nullptr;
        places_.emplace(object, entries_.size());
        entries_.push_back({object, facts(), {}, {}, {}, {}, {}, {}});
        return &entries_.back();
    }

    /// The number of an object in the document; nothing if it is not told of.
    [[nodiscard]] std::optional<std::size_t> number_of(const void* object) const {
        const auto known = places_.find(object);
        return known == places_.end() ? std::nullopt : std::optional(known->second + 1);
    }

    void add_transfers() {
        Transfers::instance().for_each([&](const void* object, const Transfer& transfer) {
            if (const auto known = places_.find(object); known != places_.end())
                entries_[known->second].transfers.push_back(transfer);
        });
    }

    [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

  private:
    std::vector<Entry> entries_;
    std::unordered_map<const void*, std::size_t> places_;
};

/// Adds what holds an object, of which not all is told if there is much.
inline void add_holder(std::vector<Holder>& holders, std::uint64_t number, const Since& since) {
    if (holders.size() < InspectionWriter::kMostInAnEntry) holders.push_back({number, since});
}

/// "object": the number of an object, or null.
inline void write_object_number(InspectionWriter& out, std::optional<std::size_t> number) {
    number ? out.number("object", *number) : out.null("object");
}

/// An array of what holds an object; `name` is what its numbers are called.
void write_holders(InspectionWriter& out, std::string_view key, const std::vector<Holder>& holders,
                   std::string_view name);
void write_transfers(InspectionWriter& out, const std::vector<Transfer>& transfers);
/// The name and the UUID of a Vulkan device.
void write_device(InspectionWriter& out, const vulkan::PhysicalDevice& device);
/// The participants of the reconciliation, and all keys of its result with their values.
void write_reconciled(InspectionWriter& out, const attr::List& list);

}  // namespace opennvsci::api
