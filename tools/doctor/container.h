// SPDX-License-Identifier: Apache-2.0
//
// What of the machine's other processes can be seen from here.
#pragma once

#include <string>
#include <vector>

#include "doctor/finding.h"

namespace opennvsci::tool {

struct ContainerFacts {
    std::string kind;           ///< "Docker", "Podman" or what else says that it is a container; empty: nothing does
    bool has_proc = true;       ///< /proc is mounted
    bool is_own_proc = true;    ///< and counts processes as this one's namespace does
    bool can_see_first = true;  ///< the process with the number 1, which is another user's most of the time
};

[[nodiscard]] ContainerFacts look_at_container();
[[nodiscard]] std::vector<Finding> check_container(const ContainerFacts& facts);

}  // namespace opennvsci::tool
