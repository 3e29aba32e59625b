// SPDX-License-Identifier: Apache-2.0
#include "memory/file_memory.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <atomic>

#include "base/checked.h"
#include "base/file_size_limit.h"
#include "base/log.h"
#include "driver/relaxed_capture.h"

namespace opennvsci::memory {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

// A memory file of any size can be made and only fails when it is touched, by killing the process. So a size that the
// machine does not have is refused here. Every machine has what is small.
Result<> check_machine_has(std::size_t size) {
    if (size < os::kHugePageSize) return {};
    struct sysinfo machine {};
    if (::sysinfo(&machine) != 0) return os::os_error("sysinfo");
    const auto total = (std::uint64_t{machine.totalram} + machine.totalswap) * machine.mem_unit;
    if (size <= total) return {};
    return fail(NvSciError_ResourceError, {"bytes of system memory", std::to_string(total), std::to_string(size)},
                fmt::format("{} bytes of system memory asked, the machine has {}", size, total),
                CUDA_ERROR_OUT_OF_MEMORY);
}

// In whole pages.
std::size_t pages_of(std::size_t size) {
    return *checked::align_up(size, os::kPageSize);  // cannot overflow: the machine has so much
}

// With the last huge page filled up, if that adds less than it holds.
std::size_t filled_up(std::size_t pages) {
    if (pages < os::kHugePageSize || pages % os::kHugePageSize < os::kHugePageSize / 2) return pages;
    return *checked::align_up(pages, os::kHugePageSize);
}

void warn_that_kernel_cannot_seal() {
    static std::atomic<bool> is_said{false};
    if (is_said.exchange(true)) return;
    log::write(log::Level::warning,
               "this kernel cannot seal memory against writers (Linux 5.1 can): a process of the same user that was "
               "given a buffer read-only can reopen it for writing through /proc. Said once");
}

}  // namespace

// What one importer holds: a share of a registration, and the address that its device uses.
class FileMemory::RegisteredMapping final : public GpuMapping {
  public:
    RegisteredMapping(FileMemory& memory, const driver::Driver& driver) : memory_(memory), driver_(driver) {}
    ~RegisteredMapping() override {
        if (registration_ != nullptr) memory_.release_registration(driver_, registration_);
    }

    [[nodiscard]] Result<> establish(Right right) {
        OPENNVSCI_TRY_ASSIGN(registration, memory_.acquire_registration(driver_, right));
        registration_ = registration;
        CUdeviceptr device_address = 0;
        const CUresult result =
            driver::apart(driver_)->cuMemHostGetDevicePointer(&device_address, registration->address, 0);
        if (result != CUDA_SUCCESS) return driver_.error(result, "cuMemHostGetDevicePointer");
        set_address(device_address);
        set_host_address(registration->address);
        return {};
    }

  private:
    FileMemory& memory_;
    const driver::Driver& driver_;
    Registration* registration_ = nullptr;
};

Result<std::shared_ptr<Allocation>> FileMemory::create(std::size_t size, std::size_t alignment, Pages pages) {
    OPENNVSCI_TRY(check_machine_has(size));
    const std::size_t whole = pages_of(size);
    const std::size_t file_size = filled_up(whole) <= file_size_limit() ? filled_up(whole) : whole;
    OPENNVSCI_TRY_ASSIGN(file, os::create_memory_file("opennvsci-buffer", file_size));
    std::shared_ptr<FileMemory> memory(
        new FileMemory(std::move(file), whole, file_size, alignment, Right::read_write, Writers::none_yet));
    // Without the address space for it the memory is there as well.
    if (pages == Pages::now && file_size >= os::kHugePageSize && memory->cpu_address(Right::read_write)) {
        memory->cpu_read_write_.gather_huge_pages();
    }
    return memory;
}

// Whoever made it may want to map it anew, and others whom this process does not know: so it is never sealed here. It
// may be filled up to a whole huge page.
Result<std::shared_ptr<Allocation>> FileMemory::import(UniqueFd file, std::size_t size, std::size_t alignment,
                                                       Right right) {
    OPENNVSCI_TRY(check_machine_has(size));
    const std::size_t pages = pages_of(size);
    OPENNVSCI_TRY(os::check_memory_file(file.get(), pages, filled_up(pages), right == Right::read_write));
    return std::shared_ptr<Allocation>(new FileMemory(std::move(file), pages, pages, alignment, right, Writers::some));
}

Result<void*> FileMemory::cpu_address(Right right) {
    const std::lock_guard lock(mutex_);
    return cpu_address_locked(right);
}

// The CPU's mapping is there if the file is sealed.
Result<os::FileMapping> FileMemory::map_file_at(std::size_t alignment, Right right) const {
    if (right == Right::read_write && writers_ == Writers::refused) return cpu_read_write_.repeat(alignment);
    return os::FileMapping::create(file_.get(), mapped_size_, alignment, right == Right::read_write);
}

// Aligned for huge pages if there is the address space for it.
Result<os::FileMapping> FileMemory::map_file(Right right) const {
    if (mapped_size_ >= os::kHugePageSize && alignment_ < os::kHugePageSize) {
        if (auto mapping = map_file_at(os::kHugePageSize, right)) return mapping;
    }
    return map_file_at(alignment_, right);
}

Result<void*> FileMemory::cpu_address_locked(Right right) {
    OPENNVSCI_TRY(check_own_right(right));
    os::FileMapping& mapping = cpu_mapping(right);
    if (mapping.address() == nullptr) {
        OPENNVSCI_TRY_ASSIGN(made, map_file(right));
        mapping = std::move(made);
    }
    return mapping.address();
}

Result<std::unique_ptr<GpuMapping>> FileMemory::map_for_gpu(const driver::Driver& driver, const driver::Device& device,
                                                            Right right) {
    if (right == Right::read_only && !device.supports_read_only_host_register) {
        return fail(NvSciError_NotSupported, {"device attribute 113", "0", "1"},
                    fmt::format("{} cannot map system memory read-only (device attribute 113 is 0); import a "
                                "read-write object, or place the buffer in video memory",
                                device.name),
                    CUDA_ERROR_NOT_SUPPORTED);
    }
    auto mapping = std::make_unique<RegisteredMapping>(*this, driver);
    OPENNVSCI_TRY(mapping->establish(right));
    return mapping;
}

// A peer that may write could seal the memory too, against this process and all others.
Result<> FileMemory::let_writers_in_locked() {
    if (writers_ == Writers::refused) {
        return fail(NvSciError_InvalidOperation, {"seal of the memory file", "no new writable mapping", "none"},
                    "the memory was exported read-only when no peer was to write it, so it is sealed and the kernel "
                    "refuses every new writable mapping; let the peer ask for ReadWrite in the lists that are "
                    "reconciled, or export to writers first");
    }
    if (writers_ == Writers::some) return {};
    OPENNVSCI_TRY(os::seal_seals(file_.get()));
    writers_ = Writers::some;
    return {};
}

Result<> FileMemory::open_to_writers() {
    const std::lock_guard lock(mutex_);
    return let_writers_in_locked();
}

// This process's writable mapping is made first: it could not be made afterwards.
Result<> FileMemory::refuse_writers_locked() {
    if (writers_ != Writers::none_yet) return {};
    OPENNVSCI_TRY(cpu_address_locked(Right::read_write));
    OPENNVSCI_TRY_ASSIGN(is_sealed, os::seal_against_writers(file_.get()));
    if (is_sealed) {
        writers_ = Writers::refused;
    } else {
        warn_that_kernel_cannot_seal();
    }
    return {};
}

Result<UniqueFd> FileMemory::descriptor_for_peer(Right right) {
    OPENNVSCI_TRY(check_own_right(right));
    const std::lock_guard lock(mutex_);
    if (right == Right::read_write) {
        OPENNVSCI_TRY_ASSIGN(writable, os::duplicate(file_.get()));
        OPENNVSCI_TRY(let_writers_in_locked());
        return std::move(writable);
    }
    OPENNVSCI_TRY_ASSIGN(readable, os::reopen_read_only(file_.get()));
    OPENNVSCI_TRY(refuse_writers_locked());
    return std::move(readable);
}

Result<UniqueFd> FileMemory::descriptor_for_arrays() {
    return fail(NvSciError_NotSupported, {"memory", "system memory", "memory of the driver"},
                "the buffer is in system memory that the driver did not make, and in which it maps no arrays",
                CUDA_ERROR_NOT_SUPPORTED);
}

Result<UniqueFd> FileMemory::dma_buf(std::uint64_t, std::uint64_t) {
    return fail(NvSciError_NotSupported, {"memory", "system memory", "video memory"},
                "system memory has no dma-buf without a right that programs do not have", CUDA_ERROR_NOT_SUPPORTED);
}

Result<FileMemory::Registration*> FileMemory::acquire_registration(const driver::Driver& driver, Right right) {
    OPENNVSCI_TRY(check_own_right(right));
    OPENNVSCI_TRY_ASSIGN(context, driver.current_context());
    const std::lock_guard lock(mutex_);
    bool is_cpu_mapping_free = true;
    for (Registration& known : registrations_) {
        if (known.right != right) continue;
        if (known.context == context.id && known.users != 0) {
            ++known.users;
            return &known;
        }
        is_cpu_mapping_free = is_cpu_mapping_free && known.own.address() != nullptr;
    }

    std::list<Registration> added;
    Registration& registration = added.emplace_back(Registration{context.id, right, {}, nullptr, 1});
    if (is_cpu_mapping_free) {
        OPENNVSCI_TRY_ASSIGN(address, cpu_address_locked(right));
        registration.address = address;
    } else {
        OPENNVSCI_TRY_ASSIGN(own, map_file(right));
        registration.own = std::move(own);
        registration.address = registration.own.address();
    }
    const unsigned flags = kMemHostRegisterPortable | kMemHostRegisterDeviceMap |
                           (right == Right::read_only ? kMemHostRegisterReadOnly : 0U);
    const CUresult result = driver::apart(driver)->cuMemHostRegister(registration.address, size(), flags);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuMemHostRegister");
    registrations_.splice(registrations_.end(), added);
    return &registration;
}

// The driver waits for GPU work here, perhaps for ever (driver-facts.md F28), so the lock is not held. Its range cannot
// be registered anew before that, so the registration is known until then. The driver needs no current context for it,
// and says "not registered" if the context of the registration is gone.
void FileMemory::release_registration(const driver::Driver& driver, Registration* registration) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (--registration->users != 0) return;
    }
    driver::apart(driver)->cuMemHostUnregister(registration->address);
    std::list<Registration> ended;
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(registrations_.begin(), registrations_.end(),
                                    [&](const Registration& known) { return &known == registration; });
    ended.splice(ended.end(), registrations_, found);
}

}  // namespace opennvsci::memory
