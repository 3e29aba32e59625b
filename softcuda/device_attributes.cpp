// SPDX-License-Identifier: Apache-2.0
#include "softcuda/device_attributes.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace opennvsci::softcuda {
namespace {

struct AttributeRow {
    CUdevice_attribute attribute;
    int value;
};

// What is not 0, but for the PCI bus. The clocks and the width of the bus are made up: programs divide by them.
constexpr AttributeRow kAttributes[] = {
    {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1024},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X, 1024},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y, 1024},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z, 64},
    {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X, 2147483647},
    {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y, 65535},
    {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z, 65535},
    {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, 49152},
    {CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY, 65536},
    {CU_DEVICE_ATTRIBUTE_WARP_SIZE, 32},
    {CU_DEVICE_ATTRIBUTE_MAX_PITCH, 2147483647},
    {CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK, 65536},
    {CU_DEVICE_ATTRIBUTE_CLOCK_RATE, 1000000},
    {CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT, 512},
    {CU_DEVICE_ATTRIBUTE_GPU_OVERLAP, 1},
    {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 1},
    {CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY, 1},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_WIDTH, kMaxArrayWidth},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_WIDTH, kMaxArrayWidth},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_HEIGHT, kMaxArrayHeight},
    {CU_DEVICE_ATTRIBUTE_SURFACE_ALIGNMENT, 512},
    {CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, 1000000},
    {CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, 64},
    {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR, 2048},
    {CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT, 1},
    {CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING, 1},
    {CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT, 32},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_WIDTH, kMaxArrayWidth},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_HEIGHT, kMaxArrayHeight},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_WIDTH, 131072},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_HEIGHT, 65000},
    {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_PITCH, 2097120},
    {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 9},
    {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, 233472},
    {CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR, 65536},
    {CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY, 1},
    {CU_DEVICE_ATTRIBUTE_SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO, 2},
    {CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS, 1},
    {CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM, 1},
    {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, kMaxSharedMemory},
    {CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_DIRECT_MANAGED_MEM_ACCESS_FROM_HOST, 1},
    {CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR, 32},
    {CU_DEVICE_ATTRIBUTE_GENERIC_COMPRESSION_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK, 1024},
    {CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_DEFERRED_MAPPING_CUDA_ARRAY_SUPPORTED, 1},
    {CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS, 1},
    {CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_WAIT_VALUE_NOR, 1},
    {CU_DEVICE_ATTRIBUTE_MEM_SYNC_DOMAIN_COUNT, 1},
    {CU_DEVICE_ATTRIBUTE_NUMA_ID, -1},
    {CU_DEVICE_ATTRIBUTE_HOST_NUMA_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, 1},
};

constexpr int kMaxAlignment = 65536;  // of a block-linear array

// What the software device cannot do at all stays 0, so that no program relies on it; a limit beyond its own is
// lowered.
constexpr DescribedAttribute kDescribed[] = {
#define OPENNVSCI_ATTRIBUTE(name) #name, CU_DEVICE_ATTRIBUTE_##name
    {OPENNVSCI_ATTRIBUTE(TEXTURE_ALIGNMENT), 1, kMaxAlignment, true},
    {OPENNVSCI_ATTRIBUTE(MULTIPROCESSOR_COUNT), 1, 65536},
    {OPENNVSCI_ATTRIBUTE(INTEGRATED), 0, 1},
    {OPENNVSCI_ATTRIBUTE(MAXIMUM_TEXTURE2D_WIDTH), 1, INT_MAX},
    {OPENNVSCI_ATTRIBUTE(MAXIMUM_TEXTURE2D_HEIGHT), 1, INT_MAX},
    {OPENNVSCI_ATTRIBUTE(SURFACE_ALIGNMENT), 1, kMaxAlignment, true},
    {OPENNVSCI_ATTRIBUTE(TEXTURE_PITCH_ALIGNMENT), 1, kMaxAlignment, true},
    {OPENNVSCI_ATTRIBUTE(MAXIMUM_SURFACE2D_WIDTH), 1, INT_MAX},
    {OPENNVSCI_ATTRIBUTE(MAXIMUM_SURFACE2D_HEIGHT), 1, INT_MAX},
    {OPENNVSCI_ATTRIBUTE(COMPUTE_CAPABILITY_MAJOR), 1, 99},
    {OPENNVSCI_ATTRIBUTE(COMPUTE_CAPABILITY_MINOR), 0, 9},
    {OPENNVSCI_ATTRIBUTE(VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED), 0, 1},
    {OPENNVSCI_ATTRIBUTE(HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED), 0, 1},
    {OPENNVSCI_ATTRIBUTE(GENERIC_COMPRESSION_SUPPORTED), 0, 1},
    {OPENNVSCI_ATTRIBUTE(READ_ONLY_HOST_REGISTER_SUPPORTED), 0, 1},
    {OPENNVSCI_ATTRIBUTE(DEFERRED_MAPPING_CUDA_ARRAY_SUPPORTED), 0, 1},
    {OPENNVSCI_ATTRIBUTE(CAN_USE_64_BIT_STREAM_MEM_OPS), 0, 1},
    {OPENNVSCI_ATTRIBUTE(HOST_NUMA_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED), 0, 1},
#undef OPENNVSCI_ATTRIBUTE
};

int own_limit(CUdevice_attribute attribute) noexcept {
    switch (attribute) {
        case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_WIDTH:
        case CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_WIDTH:
            return kMaxArrayWidth;
        case CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_HEIGHT:
        case CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_HEIGHT:
            return kMaxArrayHeight;
        default:
            return INT_MAX;
    }
}

bool is_known(CUdevice_attribute attribute) noexcept {
    switch (attribute) {
#define OPENNVSCI_CASE(name, number) case CU_DEVICE_ATTRIBUTE_##name:
        OPENNVSCI_CUDA_DEVICE_ATTRIBUTES(OPENNVSCI_CASE)
#undef OPENNVSCI_CASE
        return true;
    }
    return false;
}

/// The hexadecimal number at `text`, which is moved behind it. False if there is none, or one beyond 32 bits.
bool take_number(const char*& text, unsigned long& number) noexcept {
    constexpr unsigned long kGreatest = 0xffffffffUL;
    const bool begins =
        (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'f') || (*text >= 'A' && *text <= 'F');
    if (!begins) return false;
    char* end = nullptr;
    number = std::strtoul(text, &end, 16);
    text = end;
    return number <= kGreatest;
}

struct PciPlace {
    unsigned long domain;
    unsigned long bus;
    unsigned long device;
    unsigned long function;
};

bool parse(const char* text, PciPlace& place) noexcept {
    std::array<unsigned long, 3> numbers{};
    std::size_t count = 0;
    for (;; ++text) {
        if (count == numbers.size() || !take_number(text, numbers[count++])) return false;
        if (*text != ':') break;
    }
    if (count < 2) return false;
    place = {count == 3 ? numbers[0] : 0, numbers[count - 2], numbers[count - 1], 0};
    if (count == 3 && *text == '\0') return true;
    return *text == '.' && take_number(++text, place.function) && *text == '\0';
}

}  // namespace

CUresult device_attribute(const Device& device, CUdevice_attribute attribute, int& value) noexcept {
    if (!is_known(attribute)) return CUDA_ERROR_INVALID_VALUE;
    value = attribute == CU_DEVICE_ATTRIBUTE_PCI_BUS_ID ? device.ordinal() : 0;
    for (const AttributeRow& row : kAttributes) {
        if (row.attribute == attribute) value = row.value;
    }
    for (const AttributeValue& described : device.description().attributes) {
        if (described.attribute == attribute) value = std::min(described.value, own_limit(attribute));
    }
    return CUDA_SUCCESS;
}

int attribute_of(const Device& device, CUdevice_attribute attribute) noexcept {
    int value = 0;
    (void)device_attribute(device, attribute, value);
    return value;
}

const DescribedAttribute* find_described_attribute(std::string_view name) noexcept {
    const auto* const found = std::find_if(std::begin(kDescribed), std::end(kDescribed),
                                           [&](const DescribedAttribute& row) { return row.name == name; });
    return found != std::end(kDescribed) ? found : nullptr;
}

CUdevprop device_properties(const Device& device) noexcept {
    const auto value = [&](CUdevice_attribute attribute) { return attribute_of(device, attribute); };
    return {value(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK),
            {value(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X), value(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y),
             value(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z)},
            {value(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X), value(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y),
             value(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z)},
            value(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK),
            value(CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY),
            value(CU_DEVICE_ATTRIBUTE_WARP_SIZE),
            value(CU_DEVICE_ATTRIBUTE_MAX_PITCH),
            value(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK),
            value(CU_DEVICE_ATTRIBUTE_CLOCK_RATE),
            value(CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT)};
}

std::string pci_bus_id(const Device& device) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "0000:%02x:00.0", static_cast<unsigned>(device.ordinal()));
    return text.data();
}

CUresult find_device_on_pci(const char* text, const Device*& device) noexcept {
    PciPlace place{};
    if (!parse(text, place)) return CUDA_ERROR_INVALID_VALUE;
    const bool may_be = place.domain == 0 && place.device == 0 && place.function == 0 && place.bus < kMaxDevices;
    device = may_be ? find_device(static_cast<CUdevice>(place.bus)) : nullptr;
    return device != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult peer_attribute(const Device& device, const Device& peer, CUdevice_P2PAttribute attribute,
                        int& value) noexcept {
    switch (attribute) {
        case CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED:
        case CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED:
        case CU_DEVICE_P2P_ATTRIBUTE_CUDA_ARRAY_ACCESS_SUPPORTED:
            value = device.can_access(peer) ? 1 : 0;
            return CUDA_SUCCESS;
        case CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK:  // 0 is the best
        case CU_DEVICE_P2P_ATTRIBUTE_ONLY_PARTIAL_NATIVE_ATOMIC_SUPPORTED:
            value = 0;
            return CUDA_SUCCESS;
    }
    return CUDA_ERROR_INVALID_VALUE;
}

}  // namespace opennvsci::softcuda
