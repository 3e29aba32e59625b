// SPDX-License-Identifier: Apache-2.0
#include "softcuda/allocation.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "base/file_size_limit.h"
#include "base/log.h"
#include "softcuda/device_attributes.h"
#include "softcuda/errors.h"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020  // Linux 6.3
#endif

namespace opennvsci::softcuda {
namespace {

constexpr char kMagic[8] = {'O', 'N', 'V', 'S', 'o', 'f', 't', 'M'};
constexpr std::uint32_t kTrailerVersion = 1;
constexpr std::size_t kTrailerSize = 4096;
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

struct Trailer {
    char magic[8];
    std::uint32_t version;
    std::uint32_t location_type;
    CUuuid device;  // zero for host memory
    std::uint64_t size;
    std::uint8_t compression;
    std::uint8_t reserved[23];
};
static_assert(sizeof(Trailer) == 64);

bool is_zero(const void* bytes, std::size_t size) noexcept {
    const auto* first = static_cast<const unsigned char*>(bytes);
    return std::all_of(first, first + size, [](unsigned char byte) { return byte == 0; });
}

/// The size of the bytes before the trailer; 0 if the descriptor cannot be memory of a software device.
std::size_t checked_size(int fd) noexcept {
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    const int mode = fcntl(fd, F_GETFL);
    if (mode < 0 || (mode & O_ACCMODE) != O_RDWR || (mode & O_PATH) != 0) return 0;
    const int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & ~F_SEAL_EXEC) != kSeals) return 0;
    if (status.st_size <= static_cast<off_t>(kTrailerSize)) return 0;
    const std::size_t size = static_cast<std::size_t>(status.st_size) - kTrailerSize;
    return size % kGranularity == 0 ? size : 0;
}

CUresult properties_from(const Trailer& trailer, CUmemAllocationProp& properties) noexcept {
    properties = {};
    properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    properties.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
    if (trailer.compression > CU_MEM_ALLOCATION_COMP_GENERIC) return CUDA_ERROR_INVALID_VALUE;
    if (trailer.location_type == CU_MEM_LOCATION_TYPE_HOST_NUMA) {
        properties.location = {CU_MEM_LOCATION_TYPE_HOST_NUMA, 0};
        const bool plain = is_zero(&trailer.device, sizeof trailer.device) && trailer.compression == 0;
        return plain ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }
    if (trailer.location_type != CU_MEM_LOCATION_TYPE_DEVICE) return CUDA_ERROR_INVALID_VALUE;
    const Device* device = find_device(trailer.device);
    if (device == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, device->ordinal()};
    properties.allocFlags.compressionType = trailer.compression;
    return CUDA_SUCCESS;
}

Trailer make_trailer(std::size_t size, const CUmemAllocationProp& properties) noexcept {
    Trailer trailer{};
    std::memcpy(trailer.magic, kMagic, sizeof kMagic);
    trailer.version = kTrailerVersion;
    trailer.location_type = properties.location.type;
    if (properties.location.type == CU_MEM_LOCATION_TYPE_DEVICE) {
        trailer.device = find_device(properties.location.id)->uuid();
    }
    trailer.size = size;
    trailer.compression = properties.allocFlags.compressionType;
    return trailer;
}

CUresult check_device(const Device* device, CUmemAllocationHandleType handles) noexcept {
    if (device == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    const auto has = [&](CUdevice_attribute attribute) { return attribute_of(*device, attribute) != 0; };
    const bool is_shared = handles != CU_MEM_HANDLE_TYPE_NONE;
    const bool can = has(CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED) &&
                     (!is_shared || has(CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED));
    return can ? CUDA_SUCCESS : CUDA_ERROR_NOT_SUPPORTED;
}

// No device takes part in making it, so one that grants it is enough.
CUresult check_system_memory() noexcept {
    for (CUdevice ordinal = 0; ordinal < device_count(); ++ordinal) {
        if (find_device(ordinal)->description().grants_system_memory) return CUDA_SUCCESS;
    }
    return CUDA_ERROR_NOT_PERMITTED;  // as where a process may not choose a NUMA node (driver-facts.md F10)
}

bool grants_compression(const Device& device) noexcept {
    return device.description().grants_compression &&
           attribute_of(device, CU_DEVICE_ATTRIBUTE_GENERIC_COMPRESSION_SUPPORTED) != 0;
}

}  // namespace

CUresult Allocation::check(const CUmemAllocationProp& properties) noexcept {
    if (properties.type != CU_MEM_ALLOCATION_TYPE_PINNED) return CUDA_ERROR_INVALID_VALUE;
    if (properties.requestedHandleTypes != CU_MEM_HANDLE_TYPE_NONE &&
        properties.requestedHandleTypes != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) {
        return CUDA_ERROR_NOT_SUPPORTED;
    }
    if (properties.allocFlags.compressionType > CU_MEM_ALLOCATION_COMP_GENERIC) return CUDA_ERROR_INVALID_VALUE;
    if (properties.allocFlags.gpuDirectRDMACapable != 0 || properties.allocFlags.usage != 0) {
        return CUDA_ERROR_NOT_SUPPORTED;
    }
    switch (properties.location.type) {
        case CU_MEM_LOCATION_TYPE_DEVICE:
            return check_device(find_device(properties.location.id), properties.requestedHandleTypes);
        case CU_MEM_LOCATION_TYPE_HOST_NUMA:
            return properties.location.id == 0 ? check_system_memory() : CUDA_ERROR_INVALID_DEVICE;
        default:
            return CUDA_ERROR_INVALID_VALUE;
    }
}

CUresult Allocation::create(std::size_t size, const CUmemAllocationProp& properties,
                            std::shared_ptr<Allocation>& allocation) {
    if (const CUresult result = check(properties); result != CUDA_SUCCESS) return result;
    if (size == 0 || size % kGranularity != 0) return CUDA_ERROR_INVALID_VALUE;
    if (size > static_cast<std::size_t>(INT64_MAX) - kTrailerSize) return CUDA_ERROR_OUT_OF_MEMORY;

    CUmemAllocationProp granted = properties;
    MemoryCharge charge;
    if (granted.location.type == CU_MEM_LOCATION_TYPE_DEVICE) {
        Device& device = *find_device(granted.location.id);
        charge = MemoryCharge::take(device, size);
        if (!charge) return CUDA_ERROR_OUT_OF_MEMORY;
        if (!grants_compression(device)) granted.allocFlags.compressionType = CU_MEM_ALLOCATION_COMP_NONE;
    } else {
        granted.allocFlags.compressionType = CU_MEM_ALLOCATION_COMP_NONE;
    }

    if (const auto limit = file_size_limit(); size + kTrailerSize > limit) {
        log::write(log::Level::warning, "the software device keeps " + std::to_string(size) +
                                            " bytes in a memory file, and RLIMIT_FSIZE of this process is " +
                                            std::to_string(limit));
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    UniqueFd fd(memfd_create("opennvsci-soft-device", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return result_from_errno(errno);
    const Trailer trailer = make_trailer(size, granted);
    if (ftruncate(fd.get(), static_cast<off_t>(size + kTrailerSize)) != 0) return result_from_errno(errno);
    if (pwrite(fd.get(), &trailer, sizeof trailer, static_cast<off_t>(size)) != sizeof trailer) {
        return CUDA_ERROR_OPERATING_SYSTEM;
    }
    if (fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return result_from_errno(errno);
    allocation.reset(new Allocation(std::move(fd), size, granted, std::move(charge), false));
    return CUDA_SUCCESS;
}

CUresult Allocation::import(int fd, std::shared_ptr<Allocation>& allocation) {
    UniqueFd own(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!own) return errno == EBADF ? CUDA_ERROR_INVALID_VALUE : result_from_errno(errno);
    const std::size_t size = checked_size(own.get());
    if (size == 0) return CUDA_ERROR_INVALID_VALUE;
    Trailer trailer;
    if (pread(own.get(), &trailer, sizeof trailer, static_cast<off_t>(size)) != sizeof trailer) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    const bool well_formed = std::memcmp(trailer.magic, kMagic, sizeof kMagic) == 0 &&
                             trailer.version == kTrailerVersion && trailer.size == size &&
                             is_zero(trailer.reserved, sizeof trailer.reserved);
    if (!well_formed) return CUDA_ERROR_INVALID_VALUE;
    CUmemAllocationProp properties;
    if (const CUresult result = properties_from(trailer, properties); result != CUDA_SUCCESS) return result;
    allocation.reset(new Allocation(std::move(own), size, properties, MemoryCharge(), true));
    return CUDA_SUCCESS;
}

CUresult Allocation::export_fd(UniqueFd& fd) const noexcept {
    if (properties_.requestedHandleTypes != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) return CUDA_ERROR_INVALID_VALUE;
    fd.reset(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    return fd ? CUDA_SUCCESS : result_from_errno(errno);
}

CUresult Allocation::map(void* address, int protection, Mapping& mapping) const noexcept {
    mapping = Mapping::make(address, size_, protection, MAP_SHARED | (address != nullptr ? MAP_FIXED : 0), fd_.get());
    return mapping ? CUDA_SUCCESS : result_from_errno(errno);
}

HandleTable<Allocation>& allocation_handles() {
    static auto& table = *new HandleTable<Allocation>(HandleKind::soft_memory);
    return table;
}

}  // namespace opennvsci::softcuda
