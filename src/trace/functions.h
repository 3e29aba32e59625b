// SPDX-License-Identifier: Apache-2.0
//
// The public functions whose calls are slices of a trace. The others, which set and read lists or pass frames, are
// called too often or tell too little; of them a trace has the refusals.
#pragma once

#include <span>
#include <string_view>

namespace opennvsci::trace {

struct Function {
    std::string_view name;
    std::string_view category;  ///< by which a viewer can filter
};

/// In the order of their names.
[[nodiscard]] std::span<const Function> functions() noexcept;

/// Null if calls of it are no slices.
[[nodiscard]] const Function* find_function(std::string_view name) noexcept;

}  // namespace opennvsci::trace
