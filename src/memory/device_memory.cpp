// SPDX-License-Identifier: Apache-2.0
#include "memory/device_memory.h"

#include <fmt/format.h>

#include "base/checked.h"
#include "driver/scoped_context.h"

namespace opennvsci::memory {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

// One address range with the whole allocation mapped into it.
class DeviceMemory::VirtualMapping final : public GpuMapping {
  public:
    struct Placement {
        CUmemGenericAllocationHandle handle;
        std::size_t size;
        std::size_t alignment;
    };

    static Result<std::unique_ptr<GpuMapping>> create(const driver::Driver& driver, const Placement& placement,
                                                      CUdevice device, Right right) {
        auto mapping = std::make_unique<VirtualMapping>(driver, placement.size);
        CUdeviceptr address = 0;
        CUresult result = driver.call.cuMemAddressReserve(&address, placement.size, placement.alignment, 0, 0);
        if (result != CUDA_SUCCESS) return driver.error(result, "cuMemAddressReserve");
        mapping->set_address(address);
        result = driver.call.cuMemMap(address, placement.size, 0, placement.handle, 0);
        if (result != CUDA_SUCCESS) return driver.error(result, "cuMemMap");
        mapping->is_mapped_ = true;
        const CUmemAccessDesc access{
            {CU_MEM_LOCATION_TYPE_DEVICE, device},
            right == Right::read_only ? CU_MEM_ACCESS_FLAGS_PROT_READ : CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
        result = driver.call.cuMemSetAccess(address, placement.size, &access, 1);
        if (result != CUDA_SUCCESS) return driver.error(result, "cuMemSetAccess");
        return mapping;
    }

    VirtualMapping(const driver::Driver& driver, std::size_t size) : driver_(driver), size_(size) {}
    ~VirtualMapping() override {
        if (is_mapped_) driver_.call.cuMemUnmap(address(), size_);
        if (address() != 0) driver_.call.cuMemAddressFree(address(), size_);
    }

  private:
    const driver::Driver& driver_;
    const std::size_t size_;
    bool is_mapped_ = false;
};

Result<std::shared_ptr<Allocation>> DeviceMemory::create(const driver::Driver& driver, const driver::Device& device,
                                                         const Request& request) {
    CUmemAllocationProp prop{};
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
    prop.location = {CU_MEM_LOCATION_TYPE_DEVICE, device.handle};
    prop.allocFlags.compressionType =
        request.compressible ? CU_MEM_ALLOCATION_COMP_GENERIC : CU_MEM_ALLOCATION_COMP_NONE;

    std::size_t granularity = 0;
    CUresult result = driver.call.cuMemGetAllocationGranularity(&granularity, &prop, CU_MEM_ALLOC_GRANULARITY_MINIMUM);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuMemGetAllocationGranularity");
    const auto size = checked::align_up(request.size, granularity);
    if (!size) return fail(NvSciError_Overflow, fmt::format("{} bytes cannot be rounded up", request.size));

    std::shared_ptr<DeviceMemory> memory(
        new DeviceMemory(driver, device, *size, request.alignment > granularity ? request.alignment : 0));
    result = driver.call.cuMemCreate(&memory->handle_, *size, &prop, 0);
    if (result != CUDA_SUCCESS) {
        memory->handle_ = 0;
        return driver.error(result, fmt::format("cuMemCreate of {} bytes on {}", *size, device.name));
    }
    if (request.compressible) {
        CUmemAllocationProp actual{};
        result = driver.call.cuMemGetAllocationPropertiesFromHandle(&actual, memory->handle_);
        if (result != CUDA_SUCCESS) return driver.error(result, "cuMemGetAllocationPropertiesFromHandle");
        if (actual.allocFlags.compressionType != CU_MEM_ALLOCATION_COMP_GENERIC) {
            return fail(NvSciError_ResourceError,
                        fmt::format("{} has no compressible memory left, which the reconciled list promises; reconcile "
                                    "without EnableGpuCompression",
                                    device.name),
                        CUDA_ERROR_OUT_OF_MEMORY);
        }
    }
    OPENNVSCI_TRY(memory->fill_with_zeros());
    return memory;
}

DeviceMemory::~DeviceMemory() {
    if (handle_ != 0) driver_.call.cuMemRelease(handle_);
}

// On a stream of its own: the default stream would wait for the program's kernels.
Result<> DeviceMemory::fill_with_zeros() {
    using driver::ScopedContext;
    const ScopedContext context(driver_, owner_, ScopedContext::Want::of_device);
    if (context.result() != CUDA_SUCCESS) return driver_.error(context.result(), "cuDevicePrimaryCtxRetain");
    OPENNVSCI_TRY_ASSIGN(mapping, map_for_gpu(driver_, owner_, Right::read_write));
    CUstream stream = nullptr;
    CUresult result = driver_.call.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING);
    if (result != CUDA_SUCCESS) return driver_.error(result, "cuStreamCreate");
    result = driver_.call.cuMemsetD8Async(mapping->address(), 0, size(), stream);
    const CUresult synchronized = driver_.call.cuStreamSynchronize(stream);
    driver_.call.cuStreamDestroy(stream);
    if (result != CUDA_SUCCESS) return driver_.error(result, "cuMemsetD8Async");
    if (synchronized != CUDA_SUCCESS) return driver_.error(synchronized, "cuStreamSynchronize");
    return {};
}

Result<void*> DeviceMemory::cpu_address(Right) {
    return fail(NvSciError_NotSupported, "the CPU cannot see video memory", CUDA_ERROR_NOT_SUPPORTED);
}

Result<std::unique_ptr<GpuMapping>> DeviceMemory::map_for_gpu(const driver::Driver& driver,
                                                              const driver::Device& device, Right right) {
    if (device.handle != owner_.handle) {
        int can_access = 0;
        const CUresult result = driver.call.cuDeviceCanAccessPeer(&can_access, device.handle, owner_.handle);
        if (result != CUDA_SUCCESS) return driver.error(result, "cuDeviceCanAccessPeer");
        if (can_access == 0) {
            return fail(NvSciError_NotSupported,
                        fmt::format("{} ({}) cannot access the video memory of {} ({})", device.name,
                                    device.uuid.text(), owner_.name, owner_.uuid.text()),
                        CUDA_ERROR_PEER_ACCESS_UNSUPPORTED);
        }
    }
    return VirtualMapping::create(driver, {handle_, size(), alignment_}, device.handle, right);
}

}  // namespace opennvsci::memory
