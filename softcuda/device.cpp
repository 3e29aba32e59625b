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
#include "softcuda/machine.h"

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

constexpr const char* kMachine = "OPENNVSCI_SOFT_MACHINE";
constexpr const char* kDevices = "OPENNVSCI_SOFT_DEVICES";
constexpr const char* kMemory = "OPENNVSCI_SOFT_MEMORY";

/// What the environment variable is, or null if it is not set or empty.
const char* variable(const char* name) {
    const char* const text = std::getenv(name);
    return text != nullptr && *text != '\0' ? text : nullptr;
}

/// The number in the environment variable, or `fallback` if it is not set or empty; says so if it is no number in
/// range.
std::size_t number_from_environment(const char* name, std::size_t least, std::size_t most, std::size_t fallback) {
    const char* const text = variable(name);
    if (text == nullptr) return fallback;
    char* end = nullptr;
    errno = 0;
    const unsigned long long value = std::strtoull(text, &end, 10);
    const bool is_number = *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
    if (is_number && value >= least && value <= most) return value;
    log::write(log::Level::warning, std::string(name) + "=" + text + " is not a number from " + std::to_string(least) +
                                        " to " + std::to_string(most) + ": using " + std::to_string(fallback));
    return fallback;
}

std::vector<DeviceDescription> devices_by_number() {
    const std::size_t count = number_from_environment(kDevices, 1, kMaxDevices, 1);
    const std::size_t memory = number_from_environment(kMemory, 1, SIZE_MAX / 2, kDefaultMemory);
    std::vector<DeviceDescription> described(count);
    for (std::size_t i = 0; i < count; ++i) {
        DeviceDescription& device = described[i];
        device.uuid = device.instance_uuid = make_uuid(static_cast<int>(i));
        device.name = "OpenNvSci software device " + std::to_string(i);
        device.memory = memory;
        for (std::size_t peer = 0; peer < count; ++peer)
            device.peers[peer] = peer != i;
    }
    return described;
}

/// Those that the machine file at `path` describes. None if it cannot be used; it says so.
std::vector<DeviceDescription> devices_of(const char* path) {
    for (const char* const name : {kDevices, kMemory}) {
        if (variable(name) == nullptr) continue;
        log::write(log::Level::warning,
                   std::string(name) + " is not used: the devices are those of OPENNVSCI_SOFT_MACHINE");
    }
    std::string mistake;
    std::vector<DeviceDescription> described = read_machine(path, mistake);
    if (described.empty()) {
        log::write(log::Level::error,
                   std::string(kMachine) + "=" + path + " is no machine file that can be used: " + mistake);
    }
    return described;
}

}  // namespace

Device::Device(int ordinal, DeviceDescription description) : ordinal_(ordinal), description_(std::move(description)) {}

MemoryCharge MemoryCharge::take(Device& device, std::size_t bytes) noexcept {
    MemoryCharge charge;
    std::size_t used = device.used_;
    do {
        if (bytes > device.total_memory() - used) return charge;
    } while (!device.used_.compare_exchange_weak(used, used + bytes));
    charge.device_ = &device;
    charge.bytes_ = bytes;
    return charge;
}

void MemoryCharge::reset() noexcept {
    if (device_ != nullptr) device_->used_ -= bytes_;
    device_ = nullptr;
}

bool create_devices() {
    const char* const machine = variable(kMachine);
    std::vector<DeviceDescription> described = machine != nullptr ? devices_of(machine) : devices_by_number();
    std::vector<std::unique_ptr<Device>> made;
    made.reserve(described.size());
    for (DeviceDescription& description : described)
        made.push_back(std::make_unique<Device>(static_cast<int>(made.size()), std::move(description)));
    devices() = std::move(made);
    return !devices().empty();
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
