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

struct AttributeRow {
    CUdevice_attribute attribute;
    int value;
};

// The PCI bus is the ordinal and not in this table.
constexpr AttributeRow kAttributes[] = {
    {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1024},
    {CU_DEVICE_ATTRIBUTE_WARP_SIZE, 32},
    {CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT, 512},
    {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 1},
    {CU_DEVICE_ATTRIBUTE_INTEGRATED, 0},
    {CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY, 1},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_WIDTH, kMaxArrayWidth},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_HEIGHT, kMaxArrayHeight},
    {CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID, 0},
    {CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING, 1},
    {CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID, 0},
    {CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT, 32},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_WIDTH, kMaxArrayWidth},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_HEIGHT, kMaxArrayHeight},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_WIDTH, 131072},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_HEIGHT, 65000},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_PITCH, 2097120},
    {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 9},
    {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0},
    {CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM, 1},
    {CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_MEM_OPS_V1, 0},
    {CU_DEVICE_ATTRIBUTE_CAN_FLUSH_REMOTE_WRITES, 0},
    {CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_GENERIC_COMPRESSION_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_DEFERRED_MAPPING_CUDA_ARRAY_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS, 1},
    {CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_WAIT_VALUE_NOR, 1},
    {CU_DEVICE_ATTRIBUTE_HOST_NUMA_ID, 0},
    {CU_DEVICE_ATTRIBUTE_HOST_NUMA_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, 1},
};

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

CUresult Device::attribute(CUdevice_attribute attribute, int& value) const noexcept {
    if (attribute == CU_DEVICE_ATTRIBUTE_PCI_BUS_ID) {
        value = ordinal_;
        return CUDA_SUCCESS;
    }
    for (const AttributeRow& row : kAttributes) {
        if (row.attribute != attribute) continue;
        value = row.value;
        return CUDA_SUCCESS;
    }
    return CUDA_ERROR_INVALID_VALUE;
}

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
