// SPDX-License-Identifier: Apache-2.0
#include "machine_description.h"

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "device_choice.h"
#include "negotiation.h"

namespace opennvsci::tool {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

// The reconciled list of one participant; none if it is refused.
List reconciled(const Module& module, const Participant& participant) {
    const std::array participants{participant};
    auto list = reconcile(module, participants);
    return list ? *std::move(list) : List();
}

CUdevice handle_of(const Driver& driver, const OpenNvSciDevice& device) {
    CUdevice handle = -1;
    driver.call.cuDeviceGet(&handle, static_cast<int>(device.ordinal));
    return handle;
}

Json attributes_of(const Driver& driver, CUdevice device) {
    auto attributes = Json::object();
    const auto add = [&](const char* name, CUdevice_attribute attribute) {
        int value = 0;  // a driver that does not know the attribute has not what it is about
        attributes[name] = driver.call.cuDeviceGetAttribute(&value, attribute, device) == CUDA_SUCCESS ? value : 0;
    };
#define OPENNVSCI_ADD(name, number) add(#name, CU_DEVICE_ATTRIBUTE_##name);
    OPENNVSCI_TOOL_DEVICE_ATTRIBUTES(OPENNVSCI_ADD)
#undef OPENNVSCI_ADD
    return attributes;
}

Json peers_of(const Driver& driver, const OpenNvSciDevice& device) {
    auto peers = Json::array();
    for (const OpenNvSciDevice& other : std::span(driver.description.devices, driver.description.deviceCount)) {
        int can_access = 0;
        if (other.ordinal == device.ordinal) continue;
        driver.call.cuDeviceCanAccessPeer(&can_access, handle_of(driver, device), handle_of(driver, other));
        if (can_access != 0) peers.push_back(other.ordinal);
    }
    return peers;
}

// Of memory that is made with cuMemCreate; 0 if there is none.
std::size_t granularity_of(const Driver& driver, CUdevice device) {
    CUmemAllocationProp memory{};
    memory.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    memory.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
    memory.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
    std::size_t granularity = 0;
    const auto result =
        driver.call.cuMemGetAllocationGranularity(&granularity, &memory, CU_MEM_ALLOC_GRANULARITY_MINIMUM);
    return result == CUDA_SUCCESS ? granularity : 0;
}

Json describe(const Driver& driver, const OpenNvSciDevice& device) {
    const CUdevice handle = handle_of(driver, device);
    return {{"ordinal", device.ordinal},
            {"name", device.name},
            {"uuid", uuid_text(device.gpuId)},
            {"instance_uuid", uuid_text(device.instanceId)},
            {"compute_capability", compute_text(device)},
            {"memory_bytes", device.memoryBytes},
            {"is_integrated", device.isIntegrated},
            {"supports_virtual_memory", device.hasVirtualMemory},
            {"supports_read_only_host_register", device.hasReadOnlyRegistration},
            {"grants_compression", grants_compression(device)},
            {"grants_system_memory", grants_system_memory(device)},
            {"granularity_bytes", granularity_of(driver, handle)},
            {"peers", peers_of(driver, device)},
            {"attributes", attributes_of(driver, handle)}};
}

}  // namespace

std::string cuda_version_text(std::uint32_t version) {
    return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string compute_text(const OpenNvSciDevice& device) {
    return fmt::format("{}.{}", device.computeMajor, device.computeMinor);
}

bool grants_compression(const OpenNvSciDevice& device) {
    const NvSciBufAttrValGpuCompression wanted{device.gpuId, NvSciBufCompressionType_GenericCompressible};
    Module module;
    if (NvSciBufModuleOpen(module.out()) != NvSciError_Success) return false;
    const List list = reconciled(module, Participant("devices")
                                             .asks(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
                                             .asks(NvSciBufRawBufferAttrKey_Size, std::uint64_t{1})
                                             .asks(NvSciBufGeneralAttrKey_GpuId, device.gpuId)
                                             .asks(NvSciBufGeneralAttrKey_VidMem_GpuId, device.gpuId)
                                             .asks(NvSciBufGeneralAttrKey_EnableGpuCompression, wanted));
    NvSciBufAttrKeyValuePair granted{NvSciBufGeneralAttrKey_EnableGpuCompression, nullptr, 0};
    return list.get() != nullptr && NvSciBufAttrListGetAttrs(list.get(), &granted, 1) == NvSciError_Success &&
           granted.len == sizeof(wanted) && std::memcmp(granted.value, &wanted, sizeof(wanted)) == 0;
}

// A block-linear image that the CPU uses too can be in no other memory.
bool grants_system_memory(const OpenNvSciDevice& device) {
    Module module;
    if (NvSciBufModuleOpen(module.out()) != NvSciError_Success) return false;
    const List list = reconciled(module, Participant("devices")
                                             .asks(NvSciBufGeneralAttrKey_Types, NvSciBufType_Image)
                                             .asks(NvSciBufGeneralAttrKey_NeedCpuAccess, true)
                                             .asks(NvSciBufGeneralAttrKey_GpuId, device.gpuId)
                                             .asks(NvSciBufImageAttrKey_Layout, NvSciBufImage_BlockLinearType)
                                             .asks(NvSciBufImageAttrKey_ScanType, NvSciBufScan_ProgressiveType)
                                             .asks(NvSciBufImageAttrKey_PlaneCount, std::uint32_t{1})
                                             .asks(NvSciBufImageAttrKey_PlaneColorFormat, NvSciColor_Y8)
                                             .asks(NvSciBufImageAttrKey_PlaneWidth, std::uint32_t{16})
                                             .asks(NvSciBufImageAttrKey_PlaneHeight, std::uint32_t{16}));
    return list.get() != nullptr;
}

Json describe_machine(const Driver& driver) {
    auto devices = Json::array();
    for (const OpenNvSciDevice& device : std::span(driver.description.devices, driver.description.deviceCount))
        devices.push_back(describe(driver, device));
    return {{"driver",
             {{"is_software", driver.description.isSoftware},
              {"cuda_version", cuda_version_text(driver.description.cudaVersion)},
              {"file", driver.description.path},
              {"reason", driver.description.reason}}},
            {"devices", std::move(devices)}};
}

}  // namespace opennvsci::tool
