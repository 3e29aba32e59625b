// SPDX-License-Identifier: Apache-2.0
//
// The devices of this process: their identity, attributes and memory budget. They are created by cuInit from the
// machine file that OPENNVSCI_SOFT_MACHINE names, or else from OPENNVSCI_SOFT_DEVICES (1..16, default 1) and
// OPENNVSCI_SOFT_MEMORY (bytes per device, default 4 GiB), and live until the process ends. The UUID of a device that
// no file describes depends on the user and the ordinal alone, so that every process of a user sees the same device and
// two users never do.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <utility>

#include "softcuda/abi.h"
#include "softcuda/device_description.h"

namespace opennvsci::softcuda {

// What device attributes 22, 23, 56 and 57 report: the greatest plane that a texture or surface can show on compute
// capability 9.0 (CUDA C++ Programming Guide, "Technical Specifications per Compute Capability").
inline constexpr int kMaxArrayWidth = 131072;  // elements
inline constexpr int kMaxArrayHeight = 65536;

inline constexpr int kMaxSharedMemory = 232448;  // bytes of a block, as an H100 reports

class Device {
  public:
    Device(int ordinal, DeviceDescription description);

    [[nodiscard]] int ordinal() const noexcept { return ordinal_; }
    [[nodiscard]] const CUuuid& uuid() const noexcept { return description_.uuid; }
    [[nodiscard]] const std::string& name() const noexcept { return description_.name; }
    [[nodiscard]] const DeviceDescription& description() const noexcept { return description_; }
    [[nodiscard]] bool can_access(const Device& peer) const noexcept {
        return description_.peers[static_cast<std::size_t>(peer.ordinal_)];
    }

    [[nodiscard]] std::size_t total_memory() const noexcept { return description_.memory; }
    [[nodiscard]] std::size_t free_memory() const noexcept { return total_memory() - used_; }

  private:
    friend class MemoryCharge;

    const int ordinal_;
    const DeviceDescription description_;
    std::atomic<std::size_t> used_{0};
};

/// A part of a device's memory budget, given back by the destructor.
class MemoryCharge {
  public:
    MemoryCharge() = default;
    /// Empty (false) if the device has not that much left.
    [[nodiscard]] static MemoryCharge take(Device& device, std::size_t bytes) noexcept;
    MemoryCharge(MemoryCharge&& other) noexcept
        : device_(std::exchange(other.device_, nullptr)), bytes_(other.bytes_) {}
    MemoryCharge& operator=(MemoryCharge&& other) noexcept {
        std::swap(device_, other.device_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~MemoryCharge() { reset(); }

    [[nodiscard]] explicit operator bool() const noexcept { return device_ != nullptr; }
    void reset() noexcept;

  private:
    Device* device_ = nullptr;
    std::size_t bytes_ = 0;
};

/// Called by cuInit, until it has succeeded. False if there is a machine file that cannot be used; it says so.
[[nodiscard]] bool create_devices();

[[nodiscard]] int device_count() noexcept;

/// nullptr if there is no such device.
[[nodiscard]] Device* find_device(CUdevice ordinal) noexcept;
[[nodiscard]] Device* find_device(const CUuuid& uuid) noexcept;

}  // namespace opennvsci::softcuda
