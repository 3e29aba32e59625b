// SPDX-License-Identifier: Apache-2.0
//
// Why a key came out as it did, as a code for programs; and Suggestion, what would avoid that: in words, and, where the
// library knows it, as changes of what participants ask, which can be tried (attr/trial.h). Without changes a person
// has to choose a value. There may be several ways out, each with its own words and changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "attr/text.h"

namespace opennvsci::attr {

enum class Reason : std::uint8_t {
    none,                 ///< it came out as asked, or by default
    conflict,             ///< asks of one key cannot be had together
    illegal_value,        ///< nobody may ask this value
    missing,              ///< mandatory, and nobody asks for it
    excluded,             ///< it excludes another key that is asked for
    inconsistent,         ///< values of several keys do not fit together
    unknown_gpu,          ///< it names a GPU that this machine, or GpuId, does not have
    no_place,             ///< no memory of this machine fits
    not_supported,        ///< this machine cannot
    too_large,            ///< a size or a number has no room
    roles,                ///< not one signaler, or no waiter
    no_common_primitive,  ///< no primitive is offered by all
    downgraded,           ///< a wish that goes without
    follows,              ///< it follows from other keys
    for_peers,            ///< only other processes ask for it
    rounded_up,           ///< more than was asked for
};

[[nodiscard]] const char* reason_name(Reason reason) noexcept;

/// A change of what one participant asks, named by its number in the report.
struct Change {
    enum class Kind : std::uint8_t {
        leave_out,    ///< it does not ask for the key
        set,          ///< it asks `value`
        leave_apart,  ///< it does not take part
    };
    Kind kind;
    std::uint32_t participant;
    std::uint32_t key;
    std::vector<std::byte> value{};
};

class Suggestion {
  public:
    Suggestion() = default;
    // NOLINTBEGIN(google-explicit-constructor): stands for its words
    Suggestion(const char* words) : Suggestion(Text(words), {}) {}
    Suggestion(std::string words) : Suggestion(Text(std::move(words)), {}) {}
    // NOLINTEND(google-explicit-constructor)
    Suggestion(Text words, std::vector<Change> changes, Suggestion otherwise = {});

    /// True if there is one.
    [[nodiscard]] explicit operator bool() const noexcept { return content_ != nullptr; }
    /// Empty if there is none.
    [[nodiscard]] const Text& text() const noexcept;
    [[nodiscard]] std::span<const Change> changes() const noexcept {
        return content_ != nullptr ? std::span<const Change>(content_->changes) : std::span<const Change>();
    }

    /// Another way out, if there is one.
    [[nodiscard]] Suggestion otherwise() const;

  private:
    struct Content {
        Text words;
        std::vector<Change> changes;
        std::shared_ptr<const Content> otherwise;
    };
    std::shared_ptr<const Content> content_;  // most decisions have none
};

}  // namespace opennvsci::attr
