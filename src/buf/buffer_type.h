// SPDX-License-Identifier: Apache-2.0
//
// BufferType: what the types of buffers differ in, one row each. A new type is a row, with the functions that it names
// in a file of its own.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "attr/negotiation.h"
#include "buf/extent.h"
#include "buf/layout.h"
#include "buf/placement.h"

namespace opennvsci::buf {

/// Types of a buffer, or groups of keys, as a set: bit n is NvSciBufType n.
using TypeSet = std::uint32_t;

[[nodiscard]] constexpr TypeSet only(NvSciBufType type) noexcept {
    return TypeSet{1} << type;
}
[[nodiscard]] constexpr bool includes(TypeSet types, NvSciBufType type) noexcept {
    return (types & only(type)) != 0;
}

struct BufferType {
    const char* name;
    TypeSet keys;      ///< the groups of keys that describe it
    TypeSet partners;  ///< what the same buffer may be too, one of them

    /// Completes the keys of a reconciliation, whose other keys are merged. Errors: those of NvSciBufAttrListReconcile.
    Result<> (*complete)(attr::Negotiation& negotiation, const Placement& placement);
    /// Checks that the values of a reconciled list from another process, each legal, describe one buffer together: all
    /// that is reached by them lies inside its size. Errors: BadParameter, with the key.
    Result<> (*check)(const attr::Slot& reconciled);
    /// What a reconciled list says of its size and alignment.
    Extent (*extent)(const attr::Slot& reconciled);
    /// How a reconciled list divides it. Errors: those of layout_of().
    Result<std::vector<Region>> (*regions)(const attr::Slot& reconciled);
};

/// The row of a type, or null for a number that is no type of a buffer.
[[nodiscard]] const BufferType* find_buffer_type(std::uint32_t number) noexcept;

/// Calls `visit(type, row)` for each of `types`.
template <class Visit>
void for_each_type(TypeSet types, Visit&& visit) {
    for (TypeSet rest = types & ~only(NvSciBufType_General); rest != 0; rest &= rest - 1) {
        const auto type = static_cast<NvSciBufType>(std::countr_zero(rest));
        visit(type, *find_buffer_type(type));
    }
}

/// The row that speaks for a buffer of these types, at least one: of two, the one that knows the other.
[[nodiscard]] const BufferType& leading_type(TypeSet types) noexcept;

/// True if one buffer can have all of these types.
[[nodiscard]] bool can_be_one_buffer(TypeSet types) noexcept;

/// The groups of keys that a list with these Types may hold, beside those of all buffers.
[[nodiscard]] TypeSet keys_of_types(attr::Bytes types) noexcept;

/// Checks a reconciled list from another process, whose values are legal one by one (attr::Slot::checked), so that
/// whatever reads it here can believe what they say together. Errors: BadParameter, with the key.
[[nodiscard]] Result<> check_result(const attr::Slot& reconciled);
/// The failure of such a check.
[[nodiscard]] tl::unexpected<Error> wrong_result(std::uint32_t key, std::string_view problem);

/// The types that the keys of a slot describe; a pyramid is an image too.
[[nodiscard]] TypeSet types_of(const attr::Slot& slot);

}  // namespace opennvsci::buf
