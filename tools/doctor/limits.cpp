// SPDX-License-Identifier: Apache-2.0
#include "doctor/limits.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

namespace opennvsci::tool {
namespace {

// A connection parks a quarter of the limit, at least 16 and at most 256; loading the driver takes 16.
constexpr std::uint64_t kMostParked = 256;
constexpr std::uint64_t kLeastParked = 16;
constexpr std::uint64_t kLeastDescriptors = 64;
constexpr std::uint64_t kUsualBuffer = std::uint64_t{32} << 20;      // a picture of 3840 x 2160 with 4 bytes per pixel
constexpr std::uint64_t kDriversAddresses = std::uint64_t{1} << 40;  // more than the memory of a machine and its GPUs

rlimit limit_of(__rlimit_resource resource) {
    rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
    ::getrlimit(resource, &limit);
    return limit;
}

std::string bytes_text(std::uint64_t bytes) {
    return bytes == kNoLimit ? std::string("unlimited") : fmt::format("{} bytes", bytes);
}

void check_descriptors(Findings& findings, const LimitFacts& facts) {
    const std::uint64_t parked = std::clamp(facts.descriptors / 4, kLeastParked, kMostParked);
    const std::string found = facts.descriptors == kNoLimit
                                  ? std::string("unlimited")
                                  : fmt::format("{}, of which {} are in use; a connection parks {}", facts.descriptors,
                                                facts.open_descriptors, parked);
    const bool is_too_low = facts.descriptors < facts.open_descriptors + kLeastDescriptors;
    if (!is_too_low && parked == kMostParked) return findings.ok("file descriptors (RLIMIT_NOFILE)", found);
    constexpr std::uint64_t kEnough = 4 * kMostParked;
    findings.add(is_too_low ? State::problem : State::note, "file descriptors (RLIMIT_NOFILE)", found,
                 fmt::format("one for each buffer in system memory; {} for a connection to park what it can, {}, until "
                             "it is imported",
                             kEnough, kMostParked),
                 facts.most_descriptors >= kEnough
                     ? fmt::format("ulimit -n {}; of a service: LimitNOFILE", kEnough)
                     : fmt::format("raise the hard limit, which is {}: /etc/security/limits.conf; of a service: "
                                   "LimitNOFILE; of a container: --ulimit nofile={}",
                                   facts.most_descriptors, kEnough));
}

}  // namespace

LimitFacts look_at_limits() {
    LimitFacts facts;
    const rlimit descriptors = limit_of(RLIMIT_NOFILE);
    facts.descriptors = descriptors.rlim_cur;
    facts.most_descriptors = descriptors.rlim_max;
    std::error_code status;
    const std::filesystem::directory_iterator open("/proc/self/fd", status);
    // One of them is the folder's own.
    if (!status) facts.open_descriptors = static_cast<std::uint64_t>(std::max<long>(std::distance(open, {}) - 1, 0));
    facts.file_bytes = limit_of(RLIMIT_FSIZE).rlim_cur;
    facts.locked_bytes = limit_of(RLIMIT_MEMLOCK).rlim_cur;
    facts.address_bytes = limit_of(RLIMIT_AS).rlim_cur;
    return facts;
}

std::vector<Finding> check_limits(const LimitFacts& facts) {
    Findings findings("limits");
    check_descriptors(findings, facts);
    if (facts.file_bytes == kNoLimit) {
        findings.ok("size of files (RLIMIT_FSIZE)", "unlimited");
    } else {
        findings.add(facts.file_bytes < kUsualBuffer ? State::problem : State::note, "size of files (RLIMIT_FSIZE)",
                     bytes_text(facts.file_bytes),
                     "no buffer in system memory can be larger, and no allocation of the software device: they are "
                     "memory files",
                     "ulimit -f unlimited; of a service: LimitFSIZE=infinity");
    }
    findings.ok("locked memory (RLIMIT_MEMLOCK)",
                bytes_text(facts.locked_bytes) + "; OpenNvSci locks none, so it does not matter");
    if (facts.address_bytes == kNoLimit) {
        findings.ok("address space (RLIMIT_AS)", "unlimited");
    } else {
        findings.add(facts.address_bytes < kUsualBuffer ? State::problem : State::note, "address space (RLIMIT_AS)",
                     bytes_text(facts.address_bytes),
                     fmt::format("a GPU's driver reserves addresses for the memory of the machine and of all GPUs, up "
                                 "to {} bytes and more, and fails in cuInit where it cannot",
                                 kDriversAddresses),
                     "ulimit -v unlimited");
    }
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
