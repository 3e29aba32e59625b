// SPDX-License-Identifier: Apache-2.0
//
// GpuNames: which GPU is meant where a text names another one. A capture names the GPUs of the machine that it is of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opennvsci.h"
#include "result.h"

namespace opennvsci::tool {

class GpuNames {
  public:
    using Pair = std::pair<std::string, std::string>;  ///< the old UUID, in small letters, and the new one
    /// "GPU-...=GPU-..."; none for another text.
    [[nodiscard]] static std::optional<Pair> parse(std::string_view text);

    /// Errors: one that parse() does not take, or an old UUID that is there twice.
    [[nodiscard]] static Result<GpuNames> of(const std::vector<std::string>& texts);

    /// The text with the new UUIDs in the place of the old ones.
    [[nodiscard]] std::string replaced_in(std::string text);
    /// Errors: an old UUID that was nowhere.
    [[nodiscard]] Result<> check_use() const;

  private:
    struct Entry {
        Pair pair;
        bool is_used = false;
    };
    std::vector<Entry> entries_;
};

/// What helps if a negotiation was refused because of a GPU that this machine has not; else empty. Asks the driver.
[[nodiscard]] std::string gpu_hint(const OpenNvSciReport& report);

}  // namespace opennvsci::tool
