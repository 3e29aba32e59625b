// SPDX-License-Identifier: Apache-2.0
#include "doctor/container.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace opennvsci::tool {
namespace {

bool is_there(const char* path) {
    struct stat status {};
    return ::stat(path, &status) == 0;
}

// In a namespace of processes of its own, what is still mounted of the one outside knows this process by another
// number.
bool is_own_proc() {
    char text[32];
    const ssize_t length = ::readlink("/proc/self", text, sizeof text);
    pid_t number = 0;
    return length > 0 && std::from_chars(text, text + length, number).ec == std::errc{} && number == ::getpid();
}

}  // namespace

ContainerFacts look_at_container() {
    ContainerFacts facts;
    const char* const named = std::getenv("container");
    if (is_there("/.dockerenv")) {
        facts.kind = "Docker";
    } else if (is_there("/run/.containerenv")) {
        facts.kind = "Podman";
    } else if (named != nullptr) {
        facts.kind = named;
    }
    facts.has_proc = is_there("/proc/self/fd");
    facts.is_own_proc = is_own_proc();
    facts.can_see_first = is_there("/proc/1");
    return facts;
}

std::vector<Finding> check_container(const ContainerFacts& facts) {
    Findings findings("processes");
    if (!facts.has_proc) {
        findings.problem("/proc", "is not mounted",
                         "sockets of channels, groups of memory and owners of endpoints are found by it",
                         "mount it: mount -t proc proc /proc");
    } else if (!facts.is_own_proc) {
        findings.problem(
            "/proc", "shows the processes of another namespace",
            "cuInit fails with CUDA_ERROR_OPERATING_SYSTEM; owners of endpoints are not found",
            "mount the one of this namespace: unshare --pid --fork --mount-proc, or mount -t proc proc /proc");
    } else if (!facts.can_see_first) {
        findings.note("/proc", "shows no processes of other users (hidepid)",
                      "`opennvsci ipc` shows owners of endpoints only where it can see them",
                      "nothing, if all programs are of one user");
    } else {
        findings.ok("/proc", "shows the processes that are here");
    }
    if (facts.kind.empty()) {
        findings.ok("container", "none");
    } else {
        findings.note("container", facts.kind,
                      "processes outside are not seen: `opennvsci ipc` shows ? for them. To exchange buffers with them "
                      "a folder must be shared",
                      "mount one folder on both sides and name it with OPENNVSCI_RUNTIME_DIR; for a GPU start the "
                      "container with --gpus all");
    }
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
