// SPDX-License-Identifier: Apache-2.0
//
// A look at what the dynamic linker has loaded, by dl_iterate_phdr, at which a fork may come at any time. The dynamic
// linker holds a lock meanwhile that a fork neither takes nor resets (glibc 2.36): a child that is forked then would
// wait for it for ever, in the first dl_iterate_phdr of its own. So whoever of these libraries lets it be called holds
// this lock, for which a fork waits, before it takes any other.
//
// dl_iterate_phdr itself waits for a thread of the program that is in a callback of its own one, and that thread may
// fork there, as may a handler of a signal that interrupts a look. So a fork waits for some seconds at most, and then
// goes on; only then a look of its child may wait for ever.
#pragma once

#include <mutex>

namespace opennvsci {

/// Held around dl_iterate_phdr, also around the calls of others that make it. Not around dlopen, dlclose, dladdr and
/// dlsym: they wait for the constructors of libraries, which may fork, and a fork resets their lock.
class LookAtLoadedObjects {
  public:
    LookAtLoadedObjects() noexcept;
    LookAtLoadedObjects(const LookAtLoadedObjects&) = delete;
    LookAtLoadedObjects& operator=(const LookAtLoadedObjects&) = delete;
    ~LookAtLoadedObjects() = default;

  private:
    std::lock_guard<std::mutex> lock_;
};

}  // namespace opennvsci
