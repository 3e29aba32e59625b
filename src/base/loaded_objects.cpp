// SPDX-License-Identifier: Apache-2.0
#include "base/loaded_objects.h"

#include "base/process.h"

namespace opennvsci {
namespace {

constinit std::mutex g_mutex;

[[gnu::constructor]] void guard_across_fork() {
    process::guard_first_across_fork(g_mutex);
}

}  // namespace

LookAtLoadedObjects::LookAtLoadedObjects() noexcept : lock_(g_mutex) {}

}  // namespace opennvsci
