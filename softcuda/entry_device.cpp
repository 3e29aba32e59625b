// SPDX-License-Identifier: Apache-2.0
//
// Entry points: initialisation, errors and devices.
#include <algorithm>
#include <cstring>
#include <string>

#include "base/log.h"
#include "softcuda/device.h"
#include "softcuda/device_attributes.h"
#include "softcuda/entry.h"
#include "softcuda/errors.h"

namespace opennvsci::softcuda {
namespace {

CUresult store_text(const char* found, const char** text) noexcept {
    if (text == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *text = found;
    return found != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

int opennvsciSoftCudaVersion() {
    return 1;
}

void opennvsciSoftCudaFollowLog(bool had_stderr) {
    log::follow(had_stderr);
}

CUresult cuInit(unsigned flags) {
    return without_init([&] { return initialise(flags); });
}

CUresult cuDriverGetVersion(int* version) {
    if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *version = kDriverVersion;
    return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult error, const char** text) {
    return store_text(error_name(error), text);
}

CUresult cuGetErrorString(CUresult error, const char** text) {
    return store_text(error_text(error), text);
}

CUresult cuDeviceGetCount(int* count) {
    return with_init([&] {
        if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *count = device_count();
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    return with_device(ordinal, device, [&](const Device& found) {
        *device = found.ordinal();
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
    return with_device(device, name, [&](const Device& found) {
        if (length <= 0) return CUDA_ERROR_INVALID_VALUE;
        const std::size_t used = std::min(found.name().size(), static_cast<std::size_t>(length) - 1);
        std::memcpy(name, found.name().data(), used);
        name[used] = '\0';
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
    return with_device(device, uuid, [&](const Device& found) {
        *uuid = found.uuid();
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice device) {
    return with_device(device, uuid, [&](const Device& found) {
        *uuid = found.description().instance_uuid;
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
    return with_device(device, value, [&](const Device& found) { return device_attribute(found, attribute, *value); });
}

CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice device) {
    const CUresult result = cuDeviceGetAttribute(major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
    if (result != CUDA_SUCCESS) return result;
    return cuDeviceGetAttribute(minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
}

// As the driver for desktops and servers answers; OpenNvSci's interposer takes the call before it comes here.
CUresult cuDeviceGetNvSciSyncAttributes(void* nvSciSyncAttrList, CUdevice device, int /*flags*/) {
    return with_device(device, nvSciSyncAttrList, [](const Device&) { return CUDA_ERROR_NOT_SUPPORTED; });
}

CUresult cuDeviceTotalMem_v2(std::size_t* bytes, CUdevice device) {
    return with_device(device, bytes, [&](const Device& found) {
        *bytes = found.total_memory();
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceCanAccessPeer(int* canAccess, CUdevice device, CUdevice peer) {
    return with_device(device, canAccess, [&](const Device& found) {
        const Device* other = find_device(peer);
        if (other == nullptr) return CUDA_ERROR_INVALID_DEVICE;
        *canAccess = found.can_access(*other) ? 1 : 0;
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetP2PAttribute(int* value, CUdevice_P2PAttribute attribute, CUdevice device, CUdevice peer) {
    return with_device(device, value, [&](const Device& found) {
        const Device* other = find_device(peer);
        if (other == nullptr || other == &found) return CUDA_ERROR_INVALID_DEVICE;
        return peer_attribute(found, *other, attribute, *value);
    });
}

CUresult cuDeviceGetPCIBusId(char* text, int length, CUdevice device) {
    return with_device(device, text, [&](const Device& found) {
        const std::string id = pci_bus_id(found);
        if (length <= 0 || static_cast<std::size_t>(length) <= id.size()) return CUDA_ERROR_INVALID_VALUE;
        std::memcpy(text, id.c_str(), id.size() + 1);
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetByPCIBusId(CUdevice* device, const char* text) {
    return with_init([&] {
        if (device == nullptr || text == nullptr) return CUDA_ERROR_INVALID_VALUE;
        const Device* found = nullptr;
        const CUresult result = find_device_on_pci(text, found);
        if (result == CUDA_SUCCESS) *device = found->ordinal();
        return result;
    });
}

CUresult cuDeviceGetProperties(CUdevprop* properties, CUdevice device) {
    return with_device(device, properties, [&](const Device& found) {
        *properties = device_properties(found);
        return CUDA_SUCCESS;
    });
}

// The number of a graphics adapter of Windows: on Linux no device has one.
CUresult cuDeviceGetLuid(char* luid, unsigned* /*nodeMask*/, CUdevice device) {
    return with_device(device, luid, [](const Device&) { return CUDA_ERROR_NOT_SUPPORTED; });
}

}  // namespace opennvsci::softcuda
