// SPDX-License-Identifier: Apache-2.0
#include "memory/host_memory.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>

#include "base/checked.h"
#include "driver/scoped_context.h"

namespace opennvsci::memory {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

// A memory file of any size can be made and only fails when it is touched, by killing the process. So a size that the
// machine does not have is refused here.
Result<> check_machine_has(std::size_t size) {
    struct sysinfo machine {};
    if (::sysinfo(&machine) != 0) return os::os_error("sysinfo");
    const auto total = (std::uint64_t{machine.totalram} + machine.totalswap) * machine.mem_unit;
    if (size <= total) return {};
    return fail(NvSciError_ResourceError,
                fmt::format("{} bytes of system memory asked, the machine has {}", size, total),
                CUDA_ERROR_OUT_OF_MEMORY);
}

}  // namespace

// What one importer holds: a share of the registration of a view, and the address that its device uses.
class HostMemory::RegisteredMapping final : public GpuMapping {
  public:
    RegisteredMapping(HostMemory& memory, const driver::Driver& driver, Right right)
        : memory_(memory), driver_(driver), right_(right) {}
    ~RegisteredMapping() override {
        if (is_registered_) memory_.release_registration(driver_, right_);
    }

    [[nodiscard]] Result<> establish() {
        OPENNVSCI_TRY(memory_.acquire_registration(driver_, right_));
        is_registered_ = true;
        CUdeviceptr device_address = 0;
        const CUresult result =
            driver_.call.cuMemHostGetDevicePointer(&device_address, memory_.view(right_).cpu.address(), 0);
        if (result != CUDA_SUCCESS) return driver_.error(result, "cuMemHostGetDevicePointer");
        set_address(device_address);
        return {};
    }

  private:
    HostMemory& memory_;
    const driver::Driver& driver_;
    const Right right_;
    bool is_registered_ = false;
};

Result<std::shared_ptr<Allocation>> HostMemory::create(std::size_t size, std::size_t alignment) {
    OPENNVSCI_TRY(check_machine_has(size));
    const std::size_t pages = *checked::align_up(size, os::kPageSize);  // cannot overflow: see the check
    OPENNVSCI_TRY_ASSIGN(file, os::create_memory_file("opennvsci-buffer", pages));
    return std::shared_ptr<Allocation>(new HostMemory(std::move(file), pages, alignment));
}

Result<void*> HostMemory::cpu_address(Right right) {
    const std::lock_guard lock(mutex_);
    return cpu_address_locked(right);
}

Result<void*> HostMemory::cpu_address_locked(Right right) {
    os::FileMapping& mapping = view(right).cpu;
    if (mapping.address() == nullptr) {
        OPENNVSCI_TRY_ASSIGN(made,
                             os::FileMapping::create(file_.get(), size(), alignment_, right == Right::read_write));
        mapping = std::move(made);
    }
    return mapping.address();
}

Result<std::unique_ptr<GpuMapping>> HostMemory::map_for_gpu(const driver::Driver& driver, const driver::Device& device,
                                                            Right right) {
    if (right == Right::read_only && !device.supports_read_only_host_register) {
        return fail(NvSciError_NotSupported,
                    fmt::format("{} cannot map system memory read-only (device attribute 113 is 0); import a "
                                "read-write object, or place the buffer in video memory",
                                device.name),
                    CUDA_ERROR_NOT_SUPPORTED);
    }
    auto mapping = std::make_unique<RegisteredMapping>(*this, driver, right);
    OPENNVSCI_TRY(mapping->establish());
    return mapping;
}

Result<> HostMemory::acquire_registration(const driver::Driver& driver, Right right) {
    const std::lock_guard lock(mutex_);
    OPENNVSCI_TRY(cpu_address_locked(right));
    View& seen = view(right);
    if (seen.registration_users == 0) {
        driver.call.cuCtxGetCurrent(&seen.registration_context);
        // Portable: valid in every context of the process.
        const unsigned flags = kMemHostRegisterPortable | kMemHostRegisterDeviceMap |
                               (right == Right::read_only ? kMemHostRegisterReadOnly : 0U);
        const CUresult result = driver.call.cuMemHostRegister(seen.cpu.address(), seen.cpu.size(), flags);
        if (result != CUDA_SUCCESS) return driver.error(result, "cuMemHostRegister");
    }
    ++seen.registration_users;
    return {};
}

// Under the lock to the end: a view cannot be registered anew before it is unregistered.
void HostMemory::release_registration(const driver::Driver& driver, Right right) noexcept {
    const std::lock_guard lock(mutex_);
    View& seen = view(right);
    if (--seen.registration_users != 0) return;
    const driver::ScopedContext context(driver, seen.registration_context);
    driver.call.cuMemHostUnregister(seen.cpu.address());
}

}  // namespace opennvsci::memory
