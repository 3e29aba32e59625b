// SPDX-License-Identifier: Apache-2.0
//
// HandleTable gives objects the handles that programs see, in the storage and the form of base/handle_table.h, whose
// kinds those of the device are among: the two libraries never take each other's handles for their own. A program that
// treats a handle as a pointer faults at once. The table owns one reference to each object. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/handle_table.h"

namespace opennvsci::softcuda {

using HandleValue = unsigned long long;

template <typename Object>
class HandleTable {
  public:
    explicit constexpr HandleTable(HandleKind kind) noexcept : table_(kind) {}

    /// Throws std::bad_alloc.
    HandleValue insert(std::shared_ptr<Object> object) {
        const HandleValue handle = table_.insert(std::move(object));
        if (handle == 0) throw std::bad_alloc();
        return handle;
    }

    /// nullptr if the handle stands for no live object.
    [[nodiscard]] std::shared_ptr<Object> find(HandleValue handle) noexcept {
        const auto held = table_.acquire(handle);
        return held ? *held : nullptr;
    }

    /// Removes the handle and gives its object to the caller; nullptr like find.
    [[nodiscard]] std::shared_ptr<Object> take(HandleValue handle) noexcept {
        std::shared_ptr<Object> object = find(handle);
        return object != nullptr && table_.close(handle) ? object : nullptr;
    }

    /// Removes all objects that `belongs` accepts and gives them to the caller.
    template <typename Predicate>
    [[nodiscard]] std::vector<std::shared_ptr<Object>> take_if(const Predicate& belongs) {
        std::vector<std::shared_ptr<Object>> taken;
        table_.for_each([&](HandleValue handle, const std::shared_ptr<Object>& object) {
            if (!belongs(*object)) return;
            taken.push_back(object);
            if (!table_.close(handle)) taken.pop_back();
        });
        return taken;
    }

  private:
    opennvsci::HandleTable<std::shared_ptr<Object>> table_;
};

/// A handle as the pointer-sized opaque type of the CUDA interface, and back.
template <typename Opaque>
[[nodiscard]] Opaque to_opaque(HandleValue handle) noexcept {
    return reinterpret_cast<Opaque>(static_cast<std::uintptr_t>(handle));
}

template <typename Opaque>
[[nodiscard]] HandleValue from_opaque(Opaque handle) noexcept {
    return static_cast<HandleValue>(reinterpret_cast<std::uintptr_t>(handle));
}

}  // namespace opennvsci::softcuda
