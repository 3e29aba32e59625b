// SPDX-License-Identifier: Apache-2.0
//
// What the kernel can do that the libraries use. It is tried, not read off the version: filters of system calls and
// kernels of distributions make the difference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/finding.h"

namespace opennvsci::tool {

struct KernelFacts {
    std::string release;                        ///< as uname gives it
    int memory_file_error = 0;                  ///< errno of making a memory file; 0: that works
    bool can_seal_future_writes = false;        ///< F_SEAL_FUTURE_WRITE
    std::optional<bool> can_gather_huge_pages;  ///< MADV_COLLAPSE of a memory file; none: it could not be tried
};

[[nodiscard]] KernelFacts look_at_kernel();
[[nodiscard]] std::vector<Finding> check_kernel(const KernelFacts& facts);

}  // namespace opennvsci::tool
