// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "driver/driver.h"

namespace opennvsci::driver {

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

bool Device::grants_compression(const Driver& driver) const {
    const Probe known = compression_probe_.value.load(std::memory_order_relaxed);
    if (known != Probe::unknown) return known == Probe::yes;

    bool granted = false;
    if (supports_compression_) {
        CUmemAllocationProp prop{};
        prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
        prop.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
        prop.location = {CU_MEM_LOCATION_TYPE_DEVICE, handle};
        prop.allocFlags.compressionType = CU_MEM_ALLOCATION_COMP_GENERIC;
        std::size_t granule = 0;
        CUmemGenericAllocationHandle memory = 0;
        if (driver.call.cuMemGetAllocationGranularity(&granule, &prop, CU_MEM_ALLOC_GRANULARITY_MINIMUM) !=
                CUDA_SUCCESS ||
            driver.call.cuMemCreate(&memory, granule, &prop, 0) != CUDA_SUCCESS) {
            return false;  // perhaps only out of memory now: not remembered
        }
        CUmemAllocationProp actual{};
        granted = driver.call.cuMemGetAllocationPropertiesFromHandle(&actual, memory) == CUDA_SUCCESS &&
                  actual.allocFlags.compressionType == CU_MEM_ALLOCATION_COMP_GENERIC;
        driver.call.cuMemRelease(memory);
    }
    compression_probe_.value.store(granted ? Probe::yes : Probe::no, std::memory_order_relaxed);
    return granted;
}

}  // namespace opennvsci::driver
