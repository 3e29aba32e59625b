// SPDX-License-Identifier: Apache-2.0
#include "vulkan/entry_points.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/c_library.h"

namespace opennvsci::vulkan {
namespace {

// The library is the program's: it is looked for among the loaded ones, and its count is left as it is.
PFN_vkGetInstanceProcAddr loaded_functions() {
    void* library = ::dlopen("libvulkan.so.1", RTLD_NOW | RTLD_NOLOAD);
    if (library == nullptr) return nullptr;
    void* found = c_library::look_up(library, "vkGetInstanceProcAddr");
    ::dlclose(library);
    return reinterpret_cast<PFN_vkGetInstanceProcAddr>(found);
}

// What became a part of Vulkan has a name with KHR on drivers and devices of earlier versions.
template <class Function, class Ask>
bool find(Function*& function, const char* name, std::string_view extension, const Ask& ask) {
    PFN_vkVoidFunction found = ask(name);
    if (found == nullptr && !extension.empty()) found = ask((std::string(name) + "KHR").c_str());
    function = reinterpret_cast<Function*>(found);
    return found != nullptr || !extension.empty();
}

tl::unexpected<Error> missing(const char* name) {
    return fail(VK_ERROR_INCOMPATIBLE_DRIVER, NvSciError_NotSupported,
                fmt::format("Vulkan has no {} here: the instance and the device must be of Vulkan 1.1 or later", name));
}

// What Vulkan's documents say a result means is in its name.
const char* result_name(VkResult result) {
    switch (result) {
#define OPENNVSCI_NAME(name) \
    case name:               \
        return #name;
        OPENNVSCI_NAME(VK_SUCCESS)
        OPENNVSCI_NAME(VK_NOT_READY)
        OPENNVSCI_NAME(VK_TIMEOUT)
        OPENNVSCI_NAME(VK_INCOMPLETE)
        OPENNVSCI_NAME(VK_ERROR_OUT_OF_HOST_MEMORY)
        OPENNVSCI_NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY)
        OPENNVSCI_NAME(VK_ERROR_INITIALIZATION_FAILED)
        OPENNVSCI_NAME(VK_ERROR_DEVICE_LOST)
        OPENNVSCI_NAME(VK_ERROR_EXTENSION_NOT_PRESENT)
        OPENNVSCI_NAME(VK_ERROR_FEATURE_NOT_PRESENT)
        OPENNVSCI_NAME(VK_ERROR_INCOMPATIBLE_DRIVER)
        OPENNVSCI_NAME(VK_ERROR_TOO_MANY_OBJECTS)
        OPENNVSCI_NAME(VK_ERROR_FORMAT_NOT_SUPPORTED)
        OPENNVSCI_NAME(VK_ERROR_UNKNOWN)
        OPENNVSCI_NAME(VK_ERROR_VALIDATION_FAILED_EXT)
        OPENNVSCI_NAME(VK_ERROR_INVALID_EXTERNAL_HANDLE)
        OPENNVSCI_NAME(VK_ERROR_NOT_PERMITTED_KHR)
#undef OPENNVSCI_NAME
    }
    return "an unknown VkResult";
}

NvSciError code_of(VkResult result) {
    switch (result) {
        case VK_ERROR_OUT_OF_HOST_MEMORY:
        case VK_ERROR_OUT_OF_DEVICE_MEMORY:
        case VK_ERROR_TOO_MANY_OBJECTS:
            return NvSciError_InsufficientMemory;
        case VK_ERROR_FORMAT_NOT_SUPPORTED:
        case VK_ERROR_FEATURE_NOT_PRESENT:
        case VK_ERROR_EXTENSION_NOT_PRESENT:
            return NvSciError_NotSupported;
        default:
            return NvSciError_ResourceError;
    }
}

}  // namespace

Result<InstanceFunctions> InstanceFunctions::load(VkInstance instance, PFN_vkGetInstanceProcAddr ask) {
    if (ask == nullptr) ask = loaded_functions();
    if (ask == nullptr) {
        return fail(VK_ERROR_INITIALIZATION_FAILED, NvSciError_NotInitialized,
                    "this process has not loaded libvulkan.so.1, and the program passes no vkGetInstanceProcAddr");
    }
    const auto of_instance = [&](const char* name) { return ask(instance, name); };
    InstanceFunctions functions;
#define OPENNVSCI_FIND(name, extension, result, parameters) \
    if (!find(functions.name, #name, extension, of_instance)) return missing(#name);
    OPENNVSCI_VULKAN_INSTANCE_FUNCTIONS(OPENNVSCI_FIND)
#undef OPENNVSCI_FIND
    return functions;
}

Result<DeviceFunctions> DeviceFunctions::load(const InstanceFunctions& instance, VkDevice device) {
    const auto of_device = [&](const char* name) { return instance.vkGetDeviceProcAddr(device, name); };
    DeviceFunctions functions;
#define OPENNVSCI_FIND(name, extension, result, parameters) \
    if (!find(functions.name, #name, extension, of_device)) return missing(#name);
    OPENNVSCI_VULKAN_DEVICE_FUNCTIONS(OPENNVSCI_FIND)
#undef OPENNVSCI_FIND
    return functions;
}

tl::unexpected<Error> fail(VkResult result, NvSciError code, std::string text) {
    auto failure = opennvsci::fail(code, std::move(text));
    failure.value().vulkan = result;
    return failure;
}

tl::unexpected<Error> call_failed(VkResult result, std::string_view call) {
    return fail(result, code_of(result), fmt::format("{} failed: {} ({})", call, result_name(result), int{result}));
}

}  // namespace opennvsci::vulkan
