// SPDX-License-Identifier: Apache-2.0
//
// Negotiation of one buffer: every participant says what it needs, the reconciliation decides, the object is the
// memory.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nvsci.h"
#include "opennvsci.h"

namespace opennvsci::tool {

/// One participant: its name in the report, and its wishes.
class Participant {
  public:
    struct Wish {
        NvSciBufAttrKey key;
        std::vector<std::byte> value;
    };

    explicit Participant(std::string name) : name_(std::move(name)) {}

    template <class Value>
    Participant& asks(NvSciBufAttrKey key, const Value& value) {
        return asks_all(key, std::span(&value, 1));
    }
    /// One value per element, for the keys that are arrays.
    template <class Values>
    Participant& asks_all(NvSciBufAttrKey key, const Values& values) {
        const auto bytes = std::as_bytes(std::span(values));
        wishes_.push_back({key, {bytes.begin(), bytes.end()}});
        return *this;
    }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::vector<Wish>& wishes() const noexcept { return wishes_; }

    /// The attribute list with these wishes and the name.
    [[nodiscard]] Result<List> make_list(const Module& module) const;

  private:
    std::string name_;
    std::vector<Wish> wishes_;
};

/// The reconciled list of all participants.
[[nodiscard]] Result<List> reconcile(const Module& module, std::span<const Participant> participants);

/// The buffer that all participants can live with: reconciles their lists and allocates the object.
[[nodiscard]] Result<Object> negotiate(const Module& module, std::span<const Participant> participants);

/// How the negotiation of the object's buffer came to its result. The decisions belong to the object.
[[nodiscard]] Result<std::span<const OpenNvSciDecision>> decisions_of(const Object& object);

/// Another object for the same memory that may only be read.
[[nodiscard]] Result<Object> read_only_duplicate(const Object& object);

}  // namespace opennvsci::tool
