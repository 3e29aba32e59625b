// SPDX-License-Identifier: Apache-2.0
#include "doctor/kernel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace opennvsci::tool {
namespace {

constexpr int kCollapse = 25;              // MADV_COLLAPSE, which old headers lack
constexpr int kSealFutureWrites = 0x0010;  // F_SEAL_FUTURE_WRITE
constexpr std::size_t kHugePage = std::size_t{2} << 20;

// Making a longer file than the limit allows would end the process.
bool may_have_bytes(std::size_t bytes) {
    rlimit limit{};
    return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur >= bytes;
}

// Gathers one huge page of the file, of which one page is there.
std::optional<bool> try_to_gather(int file) {
    if (!may_have_bytes(kHugePage) || ::ftruncate(file, kHugePage) != 0) return std::nullopt;
    void* const room = ::mmap(nullptr, 2 * kHugePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) return std::nullopt;
    const auto aligned = (reinterpret_cast<std::uintptr_t>(room) + kHugePage - 1) / kHugePage * kHugePage;
    void* const mapped =
        ::mmap(reinterpret_cast<void*>(aligned), kHugePage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
    std::optional<bool> gathered;
    if (mapped != MAP_FAILED) {
        *static_cast<volatile char*>(mapped) = 1;
        // What else than EINVAL may pass, such as want of free huge pages.
        gathered = ::madvise(mapped, kHugePage, kCollapse) == 0 || errno != EINVAL;
    }
    ::munmap(room, 2 * kHugePage);
    return gathered;
}

}  // namespace

KernelFacts look_at_kernel() {
    KernelFacts facts;
    utsname name{};
    if (::uname(&name) == 0) facts.release = name.release;
    const int file = ::memfd_create("opennvsci-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) {
        facts.memory_file_error = errno;
        return facts;
    }
    facts.can_gather_huge_pages = try_to_gather(file);
    facts.can_seal_future_writes = ::fcntl(file, F_ADD_SEALS, kSealFutureWrites) == 0;
    ::close(file);
    return facts;
}

std::vector<Finding> check_kernel(const KernelFacts& facts) {
    Findings findings("kernel");
    findings.ok("version", fmt::format("Linux {}", facts.release));
    if (facts.memory_file_error != 0) {
        findings.problem("memory files", fmt::format("memfd_create fails: {}", std::strerror(facts.memory_file_error)),
                         "buffers in system memory, and the memory of channels, are memory files",
                         "use Linux 3.17 or later, and allow memfd_create where system calls are filtered (seccomp)");
        return std::move(findings).take();
    }
    findings.ok("memory files", "can be made (memfd_create)");
    if (facts.can_seal_future_writes) {
        findings.ok("seal against future writes", "there (F_SEAL_FUTURE_WRITE)");
    } else {
        findings.note("seal against future writes", "not there (F_SEAL_FUTURE_WRITE)",
                      "Linux 5.1; without it a process of the same user that was given a buffer read-only can reopen "
                      "it for writing through /proc",
                      "use a newer kernel where a reader is not trusted");
    }
    if (!facts.can_gather_huge_pages) {
        findings.note("huge pages", "could not be tried", "RLIMIT_FSIZE and memory for 2 MiB", "");
    } else if (*facts.can_gather_huge_pages) {
        findings.ok("huge pages", "can be gathered (MADV_COLLAPSE)");
    } else {
        findings.note("huge pages", "cannot be gathered (MADV_COLLAPSE)",
                      "Linux 6.1 with transparent huge pages; without them allocating and importing large buffers in "
                      "system memory takes longer",
                      "use a newer kernel where that time matters");
    }
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
