// SPDX-License-Identifier: Apache-2.0
#include "api/forward.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <atomic>

#include "base/c_library.h"
#include "cuda/mapped_pointers.h"

namespace opennvsci::api {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

// Asks the driver of the process, if there is one by now: a program that does not use NvSci comes here by the
// interposer, and its failure must not choose a driver.
std::string name_of(CUresult answer) {
    using GetText = CUresult(CUresult, const char**);
    // Looked for once: it takes the dynamic linker's lock, and a driver is never unloaded.
    static constinit std::atomic<GetText*> get_name{nullptr};
    static constinit std::atomic<GetText*> get_description{nullptr};
    if (get_name.load(std::memory_order_acquire) == nullptr) {
        void* const library = ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
        if (library == nullptr) return std::to_string(answer);
        get_description = reinterpret_cast<GetText*>(c_library::look_up(library, "cuGetErrorString"));
        get_name = reinterpret_cast<GetText*>(c_library::look_up(library, "cuGetErrorName"));
        ::dlclose(library);  // somebody else keeps it, and with it the functions
    }
    const auto ask = [&](const std::atomic<GetText*>& get) {
        const char* text = nullptr;
        if (GetText* const function = get; function != nullptr) function(answer, &text);
        return text;
    };
    const char* const name = ask(get_name);
    const char* const description = ask(get_description);
    if (name == nullptr) return std::to_string(answer);
    return description != nullptr ? fmt::format("{} ({})", name, description) : name;
}

std::string hint_about(CUdeviceptr freed) {
    const CUdeviceptr buffer = freed != 0 ? cuda::MappedPointers::instance().around(freed) : 0;
    if (buffer == 0) return {};
    return fmt::format("; {:#x} lies inside the NvSciBuf object that is mapped at {:#x}: free it by that address",
                       freed, buffer);
}

}  // namespace

CUresult remember_answer(Entrance entrance, std::string_view function, CUresult answer, CUdeviceptr freed) noexcept {
    if (answer == CUDA_SUCCESS) return answer;
    // The driver's answer stays what it is, also if there is no memory for its text.
    (void)cuda_call(function, [&] {
        const std::string hint = hint_about(freed);
        std::string text = "the driver refused the call: " + name_of(answer) + hint;
        const bool is_ours = entrance == Entrance::nvscicuda || !hint.empty();
        return Result<>(is_ours ? fail(NvSciError_ResourceError, std::move(text), answer)
                                : expected_outcome(NvSciError_ResourceError, std::move(text), answer));
    });
    return answer;
}

}  // namespace opennvsci::api
