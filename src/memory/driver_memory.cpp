// SPDX-License-Identifier: Apache-2.0
#include "memory/driver_memory.h"

#include <fmt/format.h>

#include "base/checked.h"
#include "base/os.h"
#include "base/vulkan_abi.h"
#include "driver/relaxed_capture.h"
#include "driver/scoped_context.h"

namespace opennvsci::memory {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

CUmemLocation device_location(const driver::Device& device) {
    return {CU_MEM_LOCATION_TYPE_DEVICE, device.handle};
}

CUmemLocation location(const driver::Device& device, Domain domain) {
    if (domain == Domain::video) return device_location(device);
    return {CU_MEM_LOCATION_TYPE_HOST_NUMA, device.host_numa_id};
}

CUmemAllocationProp properties_of(const driver::Device& device, const DriverMemory::Request& request) {
    CUmemAllocationProp prop{};
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
    prop.location = location(device, request.domain);
    prop.allocFlags.compressionType =
        request.compressible ? CU_MEM_ALLOCATION_COMP_GENERIC : CU_MEM_ALLOCATION_COMP_NONE;
    return prop;
}

struct Granted {
    std::size_t size;       // a multiple of the granularity
    std::size_t alignment;  // 0: what the driver does anyway is enough
};

Result<Granted> extent_of(const driver::Driver& driver, const CUmemAllocationProp& prop,
                          const DriverMemory::Request& request) {
    std::size_t granularity = 0;
    const CUresult result =
        driver::apart(driver)->cuMemGetAllocationGranularity(&granularity, &prop, CU_MEM_ALLOC_GRANULARITY_MINIMUM);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuMemGetAllocationGranularity");
    const auto size = checked::align_up(request.size, granularity);
    if (!size) return fail(NvSciError_Overflow, fmt::format("{} bytes cannot be rounded up", request.size));
    return Granted{*size, request.alignment > granularity ? request.alignment : 0};
}

tl::unexpected<Error> bad_memory(std::string_view problem) {
    return fail(NvSciError_BadParameter,
                fmt::format("the descriptor that came for the memory {}: the peer is not to be trusted", problem));
}

// What the driver says of a descriptor or a size that does not fit, and not of a want that may pass.
bool is_about_the_argument(CUresult result) {
    return result == CUDA_ERROR_INVALID_VALUE || result == CUDA_ERROR_INVALID_HANDLE ||
           result == CUDA_ERROR_INVALID_DEVICE || result == CUDA_ERROR_NOT_SUPPORTED || result == CUDA_ERROR_UNKNOWN;
}

}  // namespace

// One address range with the whole allocation mapped into it, for nobody or for one viewer: the CPU or a GPU. Who may
// see it is only a matter of the access right.
class DriverMemory::VirtualMapping final : public GpuMapping {
  public:
    VirtualMapping(const driver::Driver& driver, std::size_t size) : driver_(driver), size_(size) {}
    using GpuMapping::set_address;
    void set_mapped() noexcept { is_mapped_ = true; }
    ~VirtualMapping() override {
        const auto calls = driver::apart(driver_);
        if (is_mapped_) calls->cuMemUnmap(address(), size_);
        if (address() != 0) calls->cuMemAddressFree(address(), size_);
    }

    /// Nothing of it changes if it is seen with this access, or by nobody so far.
    [[nodiscard]] bool suits(const CUmemAccessDesc& access) const noexcept {
        return is_unseen() || (access_.flags == access.flags && access_.location.type == access.location.type &&
                               access_.location.id == access.location.id);
    }

    /// Lets it be seen with an access that suits.
    [[nodiscard]] Result<> show(const CUmemAccessDesc& access) {
        if (!is_unseen()) return {};
        const CUresult result = driver::apart(driver_)->cuMemSetAccess(address(), size_, &access, 1);
        if (result != CUDA_SUCCESS) return driver_.error(result, "cuMemSetAccess");
        access_ = access;
        return {};
    }

  private:
    const driver::Driver& driver_;
    const std::size_t size_;
    [[nodiscard]] bool is_unseen() const noexcept { return access_.flags == CU_MEM_ACCESS_FLAGS_PROT_NONE; }

    bool is_mapped_ = false;
    CUmemAccessDesc access_{};
};

CUresult DriverMemory::map_without_access(Mapped& mapping, const char*& call) {
    const auto calls = driver::apart(driver_);
    mapping = std::make_unique<VirtualMapping>(driver_, size());
    CUdeviceptr address = 0;
    call = "cuMemAddressReserve";
    CUresult result = calls->cuMemAddressReserve(&address, size(), alignment_, 0, 0);
    if (result != CUDA_SUCCESS) return result;
    mapping->set_address(address);
    call = "cuMemMap";
    result = calls->cuMemMap(address, size(), 0, handle_, 0);
    if (result == CUDA_SUCCESS) mapping->set_mapped();
    return result;
}

DriverMemory::Mapped DriverMemory::take_spare(const CUmemAccessDesc& access) {
    const std::lock_guard lock(spare_mutex_);
    return spare_ != nullptr && spare_->suits(access) ? std::move(spare_) : nullptr;
}

Result<DriverMemory::Mapped> DriverMemory::map(const CUmemLocation& viewer, Right right) {
    OPENNVSCI_TRY(check_own_right(right));
    const CUmemAccessDesc access{
        viewer, right == Right::read_only ? CU_MEM_ACCESS_FLAGS_PROT_READ : CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
    Mapped mapping = take_spare(access);
    if (mapping == nullptr) {
        const char* call = nullptr;
        const CUresult result = map_without_access(mapping, call);
        if (result != CUDA_SUCCESS) return driver_.error(result, call);
    }
    OPENNVSCI_TRY(mapping->show(access));
    return mapping;
}

DriverMemory::DriverMemory(const driver::Driver& driver, const driver::Device& device, Domain domain, std::size_t size,
                           std::size_t alignment, Right right)
    : Allocation(size, right), driver_(driver), device_(device), domain_(domain), alignment_(alignment) {}

Result<std::shared_ptr<Allocation>> DriverMemory::create(const driver::Driver& driver, const driver::Device& device,
                                                         const Request& request) {
    const CUmemAllocationProp prop = properties_of(device, request);
    OPENNVSCI_TRY_ASSIGN(granted, extent_of(driver, prop, request));
    std::shared_ptr<DriverMemory> memory(
        new DriverMemory(driver, device, request.domain, granted.size, granted.alignment, Right::read_write));
    CUresult result = driver::apart(driver)->cuMemCreate(&memory->handle_, granted.size, &prop, 0);
    if (result != CUDA_SUCCESS) {
        memory->handle_ = 0;
        return driver.error(result,
                            fmt::format("cuMemCreate of {} bytes {} {}", granted.size,
                                        request.domain == Domain::video ? "on" : "of system memory for", device.name));
    }
    if (request.compressible) {
        CUmemAllocationProp actual{};
        result = driver::apart(driver)->cuMemGetAllocationPropertiesFromHandle(&actual, memory->handle_);
        if (result != CUDA_SUCCESS) return driver.error(result, "cuMemGetAllocationPropertiesFromHandle");
        if (actual.allocFlags.compressionType != CU_MEM_ALLOCATION_COMP_GENERIC) {
            auto failure =
                fail(NvSciError_ResourceError, {"compressible memory", "none left", "some"},
                     fmt::format("{} has no compressible memory left, which the reconciled list promises; reconcile "
                                 "without EnableGpuCompression",
                                 device.name),
                     CUDA_ERROR_OUT_OF_MEMORY);
            failure.value().vulkan = vk::VK_ERROR_OUT_OF_DEVICE_MEMORY;
            return failure;
        }
    }
    OPENNVSCI_TRY(memory->fill_with_zeros());
    return memory;
}

Result<std::shared_ptr<Allocation>> DriverMemory::import(const driver::Driver& driver, const driver::Device& device,
                                                         const Request& request, Right right, UniqueFd file) {
    OPENNVSCI_TRY_ASSIGN(extent, extent_of(driver, properties_of(device, request), request));
    std::shared_ptr<DriverMemory> memory(
        new DriverMemory(driver, device, request.domain, extent.size, extent.alignment, right));
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the driver takes the descriptor in the place of a pointer
    void* const descriptor = reinterpret_cast<void*>(static_cast<std::intptr_t>(file.get()));
    const CUresult result = driver::apart(driver)->cuMemImportFromShareableHandle(
        &memory->handle_, descriptor, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR);
    if (result != CUDA_SUCCESS) {
        memory->handle_ = 0;
        if (!is_about_the_argument(result)) return driver.error(result, "cuMemImportFromShareableHandle");
        return bad_memory(fmt::format("is no memory of a device that this process has ({})",
                                      driver.error(result, "cuMemImportFromShareableHandle").value().text));
    }
    memory->exported_ = std::move(file);
    OPENNVSCI_TRY(memory->check_properties(request.compressible));
    OPENNVSCI_TRY(memory->prove_size());
    return memory;
}

Result<> DriverMemory::check_properties(bool compressible) const {
    CUmemAllocationProp actual{};
    const CUresult result = driver::apart(driver_)->cuMemGetAllocationPropertiesFromHandle(&actual, handle_);
    if (result != CUDA_SUCCESS) return driver_.error(result, "cuMemGetAllocationPropertiesFromHandle");
    const bool is_there = domain_ == Domain::video ? actual.location.type == CU_MEM_LOCATION_TYPE_DEVICE &&
                                                         actual.location.id == device_.handle
                                                   : actual.location.type == CU_MEM_LOCATION_TYPE_HOST_NUMA;
    if (!is_there) {
        return bad_memory(fmt::format("is of another place than the {} {} {} of the reconciled list",
                                      domain_name(domain_), domain_ == Domain::video ? "of" : "for", device_.name));
    }
    if ((actual.allocFlags.compressionType == CU_MEM_ALLOCATION_COMP_GENERIC) != compressible) {
        return bad_memory(compressible ? "is not compressible, as the reconciled list says"
                                       : "is compressible, which the reconciled list does not say");
    }
    return {};
}

Result<> DriverMemory::prove_size() {
    const char* call = nullptr;
    const CUresult result = map_without_access(spare_, call);
    if (result == CUDA_SUCCESS) return {};
    spare_.reset();
    if (!is_about_the_argument(result) || call != std::string_view("cuMemMap")) return driver_.error(result, call);
    return bad_memory(fmt::format("has another size than the {} bytes of the reconciled list", size()));
}

DriverMemory::~DriverMemory() {
    cpu_read_write_.reset();
    cpu_read_only_.reset();
    dma_buf_mapping_.reset();
    spare_.reset();
    if (handle_ != 0) driver::apart(driver_)->cuMemRelease(handle_);
}

// On a stream of its own: the default stream would wait for the program's kernels.
Result<> DriverMemory::fill_with_zeros() {
    const driver::ScopedContext context(driver_, device_);
    if (context.result() != CUDA_SUCCESS) return driver_.error(context.result(), "cuDevicePrimaryCtxRetain");
    OPENNVSCI_TRY_ASSIGN(mapping, map(device_location(device_), Right::read_write));
    const auto calls = driver::apart(driver_);
    CUstream stream = nullptr;
    CUresult result = calls->cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING);
    if (result != CUDA_SUCCESS) return driver_.error(result, "cuStreamCreate");
    result = calls->cuMemsetD8Async(mapping->address(), 0, size(), stream);
    const CUresult synchronized = calls->cuStreamSynchronize(stream);
    calls->cuStreamDestroy(stream);
    if (result != CUDA_SUCCESS) return driver_.error(result, "cuMemsetD8Async");
    if (synchronized != CUDA_SUCCESS) return driver_.error(synchronized, "cuStreamSynchronize");
    spare_ = std::move(mapping);
    return {};
}

Result<void*> DriverMemory::cpu_address(Right right) {
    if (domain_ == Domain::video) {
        return fail(NvSciError_NotSupported, {"memory", "video memory", "system memory"},
                    "the CPU cannot see video memory", CUDA_ERROR_NOT_SUPPORTED);
    }
    const std::lock_guard lock(mutex_);
    std::unique_ptr<GpuMapping>& known = right == Right::read_only ? cpu_read_only_ : cpu_read_write_;
    if (known == nullptr) {
        OPENNVSCI_TRY_ASSIGN(made, map(location(device_, domain_), right));
        known = std::move(made);
    }
    return reinterpret_cast<void*>(known->address());  // NOLINT(performance-no-int-to-ptr): one address space
}

Result<UniqueFd> DriverMemory::descriptor_for_arrays() {
    return exported();
}

// A dma-buf is made of mapped addresses, and they stay mapped as long as the memory is here: the driver asks for a new
// one when the mapping changes (cuda-interop.md 4.6).
Result<UniqueFd> DriverMemory::dma_buf(std::uint64_t start, std::uint64_t size) {
    if (!device_.supports_dma_buf) {
        return fail(
            NvSciError_NotSupported, {"device attribute 124", "0", "1"},
            fmt::format("{} has no dma-bufs (device attribute 124, CUDA 11.7, and NVIDIA's open kernel modules)",
                        device_.name),
            CUDA_ERROR_NOT_SUPPORTED);
    }
    const driver::ScopedContext context(driver_, device_);
    if (context.result() != CUDA_SUCCESS) return driver_.error(context.result(), "cuDevicePrimaryCtxRetain");
    const std::lock_guard lock(mutex_);
    if (dma_buf_mapping_ == nullptr) {
        OPENNVSCI_TRY_ASSIGN(made, map(device_location(device_), Right::read_write));
        dma_buf_mapping_ = std::move(made);
    }
    int descriptor = -1;
    const CUresult result = driver::apart(driver_)->cuMemGetHandleForAddressRange(
        &descriptor, dma_buf_mapping_->address() + start, size, CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD, 0);
    if (result != CUDA_SUCCESS) return driver_.error(result, "cuMemGetHandleForAddressRange");
    UniqueFd file(descriptor);
    if (!file) return os::os_error("fcntl(F_DUPFD_CLOEXEC)");
    return file;
}

Result<UniqueFd> DriverMemory::descriptor_for_peer(Right right) {
    OPENNVSCI_TRY(check_own_right(right));
    return exported();
}

// Once by the driver, which takes its time (driver-facts.md F13); then it is duplicated.
Result<> DriverMemory::export_locked() {
    if (exported_) return {};
    int descriptor = -1;
    const CUresult result = driver::apart(driver_)->cuMemExportToShareableHandle(
        &descriptor, handle_, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0);
    if (result != CUDA_SUCCESS) return driver_.error(result, "cuMemExportToShareableHandle");
    exported_ = UniqueFd(descriptor);
    if (!exported_) return os::os_error("fcntl(F_DUPFD_CLOEXEC)");
    return {};
}

Result<> DriverMemory::prepare_for_peers() {
    const std::lock_guard lock(mutex_);
    return export_locked();
}

Result<UniqueFd> DriverMemory::exported() {
    const std::lock_guard lock(mutex_);
    OPENNVSCI_TRY(export_locked());
    return os::duplicate(exported_.get());
}

Result<std::unique_ptr<GpuMapping>> DriverMemory::map_for_gpu(const driver::Driver& driver,
                                                              const driver::Device& device, Right right) {
    if (domain_ == Domain::video && device.handle != device_.handle) {
        int can_access = 0;
        const CUresult result =
            driver::apart(driver)->cuDeviceCanAccessPeer(&can_access, device.handle, device_.handle);
        if (result != CUDA_SUCCESS) return driver.error(result, "cuDeviceCanAccessPeer");
        if (can_access == 0) {
            return fail(NvSciError_NotSupported, {"peer access between the devices", "no", "yes"},
                        fmt::format("{} ({}) cannot access the video memory of {} ({})", device.name,
                                    device.uuid.text(), device_.name, device_.uuid.text()),
                        CUDA_ERROR_PEER_ACCESS_UNSUPPORTED);
        }
    }
    OPENNVSCI_TRY_ASSIGN(mapping, map(device_location(device), right));
    return std::move(mapping);
}

}  // namespace opennvsci::memory
