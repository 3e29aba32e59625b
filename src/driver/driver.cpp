// SPDX-License-Identifier: Apache-2.0
#include "driver/driver.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/c_library.h"
#include "base/log.h"
#include "base/os.h"
#include "base/vulkan_abi.h"
#include "driver/software_device.h"

namespace opennvsci::driver {
namespace {

struct Row {
    const char* symbol;
    int version;
    bool is_required;
    void (*store)(EntryPoints&, void*);
};

constexpr bool required = true;
constexpr bool optional = false;

constexpr std::array kRows{
#define OPENNVSCI_ROW(name, symbol, version, presence, parameters) \
    Row{#symbol, version, presence,                                \
        [](EntryPoints& entry, void* address) { entry.name = reinterpret_cast<decltype(entry.name)>(address); }},
    OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_ROW)
#undef OPENNVSCI_ROW
};

Result<EntryPoints> load_entry_points(void* library, const std::string& path) {
    EntryPoints entry;
    for (const Row& row : kRows) {
        void* address = c_library::look_up(library, row.symbol);
        if (address == nullptr && row.is_required) {
            return fail(NvSciError_ResourceError,
                        fmt::format("the CUDA driver {} is too old: it has no {}, which came with CUDA {}.{}", path,
                                    row.symbol, row.version / 1000, row.version % 1000 / 10),
                        CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND);
        }
        row.store(entry, address);
    }
    return entry;
}

std::string path_of(void* address) {
    Dl_info info{};
    return ::dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "libcuda.so.1";
}

// Why dlopen failed is told by its text alone. If there is no file of that name anywhere, the text is "NAME: ...: No
// such file or directory", the end in the language of the process, as strerror gives it. Too many open files, too
// little memory, a file that may not be read or is no library, and a library that the driver needs and that is not
// there (its name comes first then) are other texts.
bool is_not_there(std::string_view text, std::string_view name) {
    return text.starts_with(name) && text.substr(name.size()).starts_with(": ") &&
           text.ends_with(std::strerror(ENOENT));
}

tl::unexpected<Error> not_loaded(const char* name) {
    const char* text = ::dlerror();
    if (text == nullptr) text = "no reason given";
    return fail(NvSciError_ResourceError, fmt::format("cannot load the CUDA driver: {}", text),
                is_not_there(text, name) ? CUDA_ERROR_NO_DEVICE : CUDA_ERROR_NOT_INITIALIZED);
}

}  // namespace

Result<Driver> Driver::load(const char* name) {
    // The library stays loaded for the life of the process, so the handle is not kept.
    void* library = ::dlopen(name, RTLD_NOW | RTLD_NOLOAD);
    if (library == nullptr) library = ::dlopen(name, RTLD_NOW);
    if (library == nullptr) return not_loaded(name);
    Driver driver;
    driver.path = name;
    if (void* init = c_library::look_up(library, "cuInit")) driver.path = path_of(init);
    driver.is_software = c_library::look_up(library, kSoftwareDeviceMark) != nullptr;
    if (void* follow = c_library::look_up(library, kSoftwareDeviceFollowsLog))
        reinterpret_cast<void (*)(bool)>(follow)(log::had_stderr());
    OPENNVSCI_TRY_ASSIGN(entry_points, load_entry_points(library, driver.path));
    driver.call = entry_points;

    // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): load_entry_points stores every required row through a pointer
    if (const CUresult result = driver.call.cuInit(0); result != CUDA_SUCCESS) return driver.error(result, "cuInit");
    if (const CUresult result = driver.call.cuDriverGetVersion(&driver.version); result != CUDA_SUCCESS) {
        return driver.error(result, "cuDriverGetVersion");
    }
    int count = 0;
    if (const CUresult result = driver.call.cuDeviceGetCount(&count); result != CUDA_SUCCESS) {
        return driver.error(result, "cuDeviceGetCount");
    }
    for (int ordinal = 0; ordinal < count; ++ordinal) {
        OPENNVSCI_TRY_ASSIGN(device, Device::query(driver, ordinal));
        driver.devices.push_back(std::move(device));
    }
    if (driver.devices.empty()) {
        return fail(NvSciError_ResourceError, fmt::format("the CUDA driver {} has no device", driver.path),
                    CUDA_ERROR_NO_DEVICE);
    }
    return driver;
}

const Device* Driver::find(const Uuid& uuid) const noexcept {
    const auto found = std::find_if(devices.begin(), devices.end(), [&](const Device& d) { return d.has_uuid(uuid); });
    return found == devices.end() ? nullptr : &*found;
}

Result<const Device*> Driver::require(const Uuid& uuid) const {
    if (const Device* device = find(uuid); device != nullptr) return device;
    return fail(NvSciError_ResourceError,
                fmt::format("the list names {}, which this process does not have", uuid.text()),
                CUDA_ERROR_INVALID_DEVICE);
}

Result<ContextIdentity> Driver::current_context() const {
    ContextIdentity context{};
    if (const CUresult result = call.cuCtxGetCurrent(&context.handle); result != CUDA_SUCCESS) {
        return error(result, "cuCtxGetCurrent");
    }
    if (context.handle == nullptr) {
        return fail_unmet(
            NvSciError_InvalidState, {"current CUDA context", "none", "a context"},
            "the calling thread has no current CUDA context (cuCtxSetCurrent, or any CUDA runtime call, makes one "
            "current)",
            CUDA_ERROR_INVALID_CONTEXT);
    }
    context.id = reinterpret_cast<unsigned long long>(context.handle);
    if (call.cuCtxGetId == nullptr) return context;
    if (const CUresult result = call.cuCtxGetId(context.handle, &context.id); result != CUDA_SUCCESS) {
        return error(result, "cuCtxGetId");
    }
    return context;
}

// The driver recognises a destroyed context here (driver-facts.md F24), unlike in many other calls.
bool Driver::is_gone(const ContextIdentity& context) const noexcept {
    if (call.cuCtxGetId == nullptr) return false;
    unsigned long long id = 0;
    const CUresult result = call.cuCtxGetId(context.handle, &id);
    if (result == CUDA_SUCCESS) return id != context.id;
    return result == CUDA_ERROR_CONTEXT_IS_DESTROYED || result == CUDA_ERROR_INVALID_CONTEXT;
}

Result<const Device*> Driver::current_device() const {
    OPENNVSCI_TRY(current_context());
    CUdevice handle = 0;
    if (const CUresult result = call.cuCtxGetDevice(&handle); result != CUDA_SUCCESS) {
        return error(result, "cuCtxGetDevice");
    }
    const auto found =
        std::find_if(devices.begin(), devices.end(), [&](const Device& device) { return device.handle == handle; });
    if (found == devices.end()) {
        return fail(NvSciError_ResourceError, fmt::format("the current context's device {} is unknown", handle),
                    CUDA_ERROR_INVALID_DEVICE);
    }
    return &*found;
}

tl::unexpected<Error> Driver::error(CUresult result, std::string_view failed_call) const {
    const char* name = nullptr;
    const char* description = nullptr;
    call.cuGetErrorName(result, &name);
    call.cuGetErrorString(result, &description);
    // The driver makes descriptors, and has no code of its own for want of them.
    const bool may_lack_descriptors =
        result == CUDA_ERROR_OUT_OF_MEMORY || result == CUDA_ERROR_OPERATING_SYSTEM || result == CUDA_ERROR_UNKNOWN;
    const std::string lack = may_lack_descriptors ? os::missing_descriptors() : std::string();
    auto failure =
        fail(NvSciError_ResourceError,
             fmt::format("{} failed: {} ({}){}", failed_call, name != nullptr ? name : std::to_string(result).c_str(),
                         description != nullptr ? description : "no description", lack),
             result);
    if (!lack.empty()) {
        failure.value().vulkan = vk::VK_ERROR_TOO_MANY_OBJECTS;
    } else if (result == CUDA_ERROR_OUT_OF_MEMORY) {
        failure.value().vulkan = vk::VK_ERROR_OUT_OF_DEVICE_MEMORY;
    }
    return failure;
}

}  // namespace opennvsci::driver
