// SPDX-License-Identifier: Apache-2.0
//
// HandleTable gives objects the handles that programs see. A handle is a kind tag in the top 16 bits and a serial
// number that is never used again, so a freed, foreign or garbage handle is recognised without touching memory. The tag
// makes the value a non-canonical address: a program that treats a handle as a pointer faults at once.
// The table owns one reference to each object. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace opennvsci::softcuda {

// Apart from the kinds of base/handle_table.h, so that the two libraries never take each other's handles for their own.
enum class HandleKind : std::uint16_t {
    context = 0x50f1,
    stream,
    event,
    memory,
    external_memory,
    array,
    mipmapped_array,
    graph
};

using HandleValue = unsigned long long;

template <typename Object>
class HandleTable {
  public:
    explicit HandleTable(HandleKind kind) noexcept : tag_(static_cast<HandleValue>(kind) << 48U) {}

    HandleValue insert(std::shared_ptr<Object> object) {
        const std::lock_guard lock(mutex_);
        const HandleValue handle = tag_ | ++last_serial_;
        objects_.emplace(handle, std::move(object));
        return handle;
    }

    /// nullptr if the handle stands for no live object.
    [[nodiscard]] std::shared_ptr<Object> find(HandleValue handle) const {
        const std::lock_guard lock(mutex_);
        const auto found = objects_.find(handle);
        return found != objects_.end() ? found->second : nullptr;
    }

    /// Removes the handle and gives its object to the caller; nullptr like find.
    [[nodiscard]] std::shared_ptr<Object> take(HandleValue handle) {
        const std::lock_guard lock(mutex_);
        const auto found = objects_.find(handle);
        if (found == objects_.end()) return nullptr;
        std::shared_ptr<Object> object = std::move(found->second);
        objects_.erase(found);
        return object;
    }

    /// Removes all objects that `belongs` accepts and gives them to the caller.
    template <typename Predicate>
    [[nodiscard]] std::vector<std::shared_ptr<Object>> take_if(const Predicate& belongs) {
        std::vector<std::shared_ptr<Object>> taken;
        const std::lock_guard lock(mutex_);
        for (auto entry = objects_.begin(); entry != objects_.end();) {
            if (!belongs(*entry->second)) {
                ++entry;
                continue;
            }
            taken.push_back(entry->second);
            entry = objects_.erase(entry);
        }
        return taken;
    }

  private:
    const HandleValue tag_;
    mutable std::mutex mutex_;
    HandleValue last_serial_ = 0;
    std::unordered_map<HandleValue, std::shared_ptr<Object>> objects_;
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
