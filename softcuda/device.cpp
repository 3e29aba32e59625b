// SPDX-License-Identifier: Apache-2.0
#include "softcuda/device.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "base/log.h"

namespace opennvsci::softcuda {
namespace {

constexpr std::size_t kDefaultMemory = std::size_t{4} << 30;

// Made by create_devices(), where memory may lack; after that it is only read.
std::vector<std::unique_ptr<Device>>& devices() {
    static auto& all = *new std::vector<std::unique_ptr<Device>>;
    return all;
}

// One step of the splitmix64 generator: spreads the bits of a small number over 64.
std::uint64_t spread(std::uint64_t value) noexcept {
    value += 0x9e3779b97f4a7c15U;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

CUuuid make_uuid(int ordinal) noexcept {
    const std::uint64_t user = spread(0x4f70656e4e765363U ^ getuid());
    const std::uint64_t words[2] = {user, spread(user + static_cast<std::uint64_t>(ordinal))};
    CUuuid uuid;
    static_assert(sizeof words == sizeof uuid.bytes);
    std::memcpy(uuid.bytes, words, sizeof uuid.bytes);
    // Version 8 (vendor-defined), variant 1, as RFC 9562 lays them out.
    uuid.bytes[6] = static_cast<char>((uuid.bytes[6] & 0x0f) | 0x80);
    uuid.bytes[8] = static_cast<char>((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

/// The number in the environment variable, or `fallback` if it is not set or empty; says so if it is no number in
/// range.
std::size_t number_from_environment(const char* variable, std::size_t least, std::size_t most, std::size_t fallback) {
    const char* text = std::getenv(variable);
    if (text == nullptr || *text == '\0') return fallback;
    char* end = nullptr;
    errno = 0;
    const unsigned long long value = std::strtoull(text, &end, 10);
    const bool is_number = *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
    if (is_number && value >= least && value <= most) return value;
    log::write(log::Level::warning, std::string(variable) + "=" + text + " is not a number from " +
                                        std::to_string(least) + " to " + std::to_string(most) + ": using " +
                                        std::to_string(fallback));
    return fallback;
}

}  // namespace

Device::Device(int ordinal, std::size_t memory)
    : ordinal_(ordinal),
      memory_(memory),
      uuid_(make_uuid(ordinal)),
      name_("OpenNvSci software device " + std::to_string(ordinal)) {}

MemoryCharge MemoryCharge::take(Device& device, std::size_t bytes) noexcept {
    MemoryCharge charge;
    std::size_t used = device.used_;
    do {
        if (bytes > device.memory_ - used) return charge;
    } while (!device.used_.compare_exchange_weak(used, used + bytes));
    charge.device_ = &device;
    charge.bytes_ = bytes;
    return charge;
}

void MemoryCharge::reset() noexcept {
    if (device_ != nullptr) device_->used_ -= bytes_;
    device_ = nullptr;
}

void create_devices() {
    const std::size_t count = number_from_environment("OPENNVSCI_SOFT_DEVICES", 1, kMaxDevices, 1);
    const std::size_t memory = number_from_environment("OPENNVSCI_SOFT_MEMORY", 1, SIZE_MAX / 2, kDefaultMemory);
    std::vector<std::unique_ptr<Device>> made;
    for (std::size_t i = 0; i < count; ++i)
        made.push_back(std::make_unique<Device>(static_cast<int>(i), memory));
    devices() = std::move(made);
}

int device_count() noexcept {
    return static_cast<int>(devices().size());
}

Device* find_device(CUdevice ordinal) noexcept {
    return ordinal >= 0 && ordinal < device_count() ? devices()[static_cast<std::size_t>(ordinal)].get() : nullptr;
}

Device* find_device(const CUuuid& uuid) noexcept {
    for (const auto& device : devices()) {
        if (std::memcmp(device->uuid().bytes, uuid.bytes, sizeof uuid.bytes) == 0) return device.get();
    }
    return nullptr;
}

}  // namespace opennvsci::softcuda
