// SPDX-License-Identifier: Apache-2.0
//
// Owners of handles, so that a test that fails in the middle leaks nothing.
#pragma once

#include <utility>

namespace opennvsci::test {

template <class Handle, void (*kFree)(Handle)>
class Owned {
  public:
    Owned() = default;
    explicit Owned(Handle handle) : handle_(handle) {}
    Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Owned() { reset(); }

    [[nodiscard]] Handle get() const noexcept { return handle_; }
    operator Handle() const noexcept { return handle_; }  // NOLINT(google-explicit-constructor): stands for the handle
    /// Where a function stores a new handle; frees the old one.
    [[nodiscard]] Handle* out() {
        reset();
        return &handle_;
    }
    void reset() {
        if (handle_ != nullptr) kFree(std::exchange(handle_, nullptr));
    }

  private:
    Handle handle_ = nullptr;
};

}  // namespace opennvsci::test
