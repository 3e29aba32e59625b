// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "driver/relaxed_capture.h"

namespace opennvsci::driver {
namespace {

// A refusal that lies in the machine. Any other, such as want of memory or descriptors, may pass. NOT_PERMITTED is also
// what every call gives in a host function of a stream, so it is asked about again.
bool lasts(CUresult answer) {
    return answer == CUDA_SUCCESS || answer == CUDA_ERROR_INVALID_VALUE || answer == CUDA_ERROR_INVALID_DEVICE ||
           answer == CUDA_ERROR_NOT_SUPPORTED;
}

CUmemAllocationProp shareable(const CUmemLocation& location) {
    CUmemAllocationProp prop{};
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
    prop.location = location;
    return prop;
}

// Creates the smallest piece of such memory, reads back what it is, and releases it.
CUresult make_granule(const Driver& driver, const CUmemAllocationProp& wanted, CUmemAllocationProp& actual) {
    std::size_t granule = 0;
    CUmemGenericAllocationHandle memory = 0;
    CUresult result = apart(driver)->cuMemGetAllocationGranularity(&granule, &wanted, CU_MEM_ALLOC_GRANULARITY_MINIMUM);
    if (result != CUDA_SUCCESS) return result;
    result = apart(driver)->cuMemCreate(&memory, granule, &wanted, 0);
    if (result != CUDA_SUCCESS) return result;
    result = apart(driver)->cuMemGetAllocationPropertiesFromHandle(&actual, memory);
    apart(driver)->cuMemRelease(memory);
    return result;
}

}  // namespace

Result<Device> Device::query(const Driver& driver, int ordinal) {
    const EntryPoints& call = driver.call;
    Device device;
    if (const CUresult result = call.cuDeviceGet(&device.handle, ordinal); result != CUDA_SUCCESS) {
        return driver.error(result, "cuDeviceGet");
    }
    CUuuid uuid{};
    if (const CUresult result = call.cuDeviceGetUuid(&uuid, device.handle); result != CUDA_SUCCESS) {
        return driver.error(result, "cuDeviceGetUuid");
    }
    device.uuid = device.instance_uuid = Uuid::from(uuid.bytes);
    if (call.cuDeviceGetUuid_v2 != nullptr && call.cuDeviceGetUuid_v2(&uuid, device.handle) == CUDA_SUCCESS) {
        device.instance_uuid = Uuid::from(uuid.bytes);
    }
    std::array<char, 256> name{};
    if (const CUresult result = call.cuDeviceGetName(name.data(), static_cast<int>(name.size()), device.handle);
        result != CUDA_SUCCESS) {
        return driver.error(result, "cuDeviceGetName");
    }
    device.name = name.data();
    if (const CUresult result = call.cuDeviceTotalMem(&device.memory_bytes, device.handle); result != CUDA_SUCCESS) {
        return driver.error(result, "cuDeviceTotalMem");
    }
    // An attribute that this driver does not know is a capability it does not have.
    const auto attribute = [&](CUdevice_attribute which) {
        int value = 0;
        return call.cuDeviceGetAttribute(&value, which, device.handle) == CUDA_SUCCESS ? value : 0;
    };
    device.compute_major = attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    device.compute_minor = attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    device.is_integrated = attribute(CU_DEVICE_ATTRIBUTE_INTEGRATED) != 0;
    device.supports_virtual_memory = attribute(CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED) != 0 &&
                                     attribute(CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED) != 0;
    device.supports_read_only_host_register = attribute(CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED) != 0;
    device.supports_dma_buf =
        call.cuMemGetHandleForAddressRange != nullptr && attribute(CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED) != 0;
    device.supports_host_numa_memory =
        attribute(CU_DEVICE_ATTRIBUTE_HOST_NUMA_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED) != 0;
    device.host_numa_id = std::max(attribute(CU_DEVICE_ATTRIBUTE_HOST_NUMA_ID), 0);  // -1 where there are no nodes
    device.supports_deferred_arrays = attribute(CU_DEVICE_ATTRIBUTE_DEFERRED_MAPPING_CUDA_ARRAY_SUPPORTED) != 0 &&
                                      call.cuArrayGetMemoryRequirements != nullptr;
    device.texture_alignment = static_cast<std::uint32_t>(attribute(CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT));
    device.texture_pitch_alignment = static_cast<std::uint32_t>(attribute(CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT));
    device.supports_compression_ = attribute(CU_DEVICE_ATTRIBUTE_GENERIC_COMPRESSION_SUPPORTED) != 0;
    device.runs_kernels = !driver.is_software;
    device.supports_stream_memory_operations = attribute(CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS) != 0 &&
                                               call.cuStreamWaitValue64 != nullptr &&
                                               call.cuStreamWriteValue64 != nullptr;
    return device;
}

template <class Ask>
CUresult Device::Answer::get(Ask&& ask) {
    const int known = known_.load(std::memory_order_relaxed);
    if (known != kUnknown) return static_cast<CUresult>(known);
    const CUresult answer = ask();
    if (lasts(answer)) known_.store(static_cast<int>(answer), std::memory_order_relaxed);
    return answer;
}

bool Device::grants_compression(const Driver& driver) const {
    if (!supports_compression_) return false;
    const CUresult answer = compression_.get([&] {
        CUmemAllocationProp wanted = shareable({CU_MEM_LOCATION_TYPE_DEVICE, handle});
        wanted.allocFlags.compressionType = CU_MEM_ALLOCATION_COMP_GENERIC;
        CUmemAllocationProp actual{};
        const CUresult made = make_granule(driver, wanted, actual);
        if (made != CUDA_SUCCESS) return made;
        return actual.allocFlags.compressionType == CU_MEM_ALLOCATION_COMP_GENERIC ? CUDA_SUCCESS
                                                                                   : CUDA_ERROR_NOT_SUPPORTED;
    });
    return answer == CUDA_SUCCESS;
}

Result<> Device::check_system_memory(const Driver& driver) const {
    if (!supports_host_numa_memory) {
        return fail(NvSciError_NotSupported, fmt::format("{} has none (device attribute 141)", name),
                    CUDA_ERROR_NOT_SUPPORTED);
    }
    const CUresult answer = system_memory_.get([&] {
        CUmemAllocationProp actual{};
        return make_granule(driver, shareable({CU_MEM_LOCATION_TYPE_HOST_NUMA, host_numa_id}), actual);
    });
    if (answer == CUDA_SUCCESS) return {};
    return fail(
        lasts(answer) || answer == CUDA_ERROR_NOT_PERMITTED ? NvSciError_NotSupported : NvSciError_ResourceError,
        fmt::format("{} promises it (device attribute 141), but {} (a container may lack the right to choose a "
                    "NUMA node, CAP_SYS_NICE)",
                    name, driver.error(answer, "cuMemCreate of one granule of it").value().text),
        answer);
}

}  // namespace opennvsci::driver
