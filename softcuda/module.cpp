// SPDX-License-Identifier: Apache-2.0
#include "softcuda/module.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/log.h"

namespace opennvsci::softcuda {
namespace {

constexpr std::string_view kNoKernels =
    "the software device runs no kernels: do the work in a host function (cuLaunchHostFunc), or use a GPU";

/// True if the image is text whose first statement is a PTX directive. Reads no further than the text goes on matching.
bool is_ptx(const char* text) noexcept {
    while (true) {
        text += std::strspn(text, " \t\r\n");
        if (text[0] == '/' && text[1] == '/') {
            text += std::strcspn(text, "\n");
        } else if (text[0] == '/' && text[1] == '*') {
            const char* end = std::strstr(text + 2, "*/");
            if (end == nullptr) return false;
            text = end + 2;
        } else {
            break;
        }
    }
    constexpr std::string_view kDirective = ".version";
    return std::strncmp(text, kDirective.data(), kDirective.size()) == 0;
}

/// Puts `text` into the error log buffer that the options name, cut to its size, and the length used into the size
/// option.
void fill_error_log(unsigned count, const CUjit_option* options, void** values, std::string_view text) noexcept {
    char* buffer = nullptr;
    void** size_value = nullptr;
    for (unsigned i = 0; i < count; ++i) {
        if (options[i] == CU_JIT_ERROR_LOG_BUFFER) buffer = static_cast<char*>(values[i]);
        if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES) size_value = &values[i];
    }
    if (buffer == nullptr || size_value == nullptr) return;
    // The size is an unsigned int in the low half of the pointer-sized value.
    const std::size_t size = static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(*size_value));
    if (size == 0) return;
    const std::size_t used = std::min(size - 1, text.size());
    std::memcpy(buffer, text.data(), used);
    buffer[used] = '\0';
    *size_value = reinterpret_cast<void*>(used + 1);
}

}  // namespace

CUresult load_module(const void* image, unsigned option_count, const CUjit_option* options, void** values) {
    if (option_count > 0 && (options == nullptr || values == nullptr)) return CUDA_ERROR_INVALID_VALUE;
    if (!is_ptx(static_cast<const char*>(image))) return CUDA_ERROR_INVALID_IMAGE;
    fill_error_log(option_count, options, values, kNoKernels);
    log::write(log::Level::error, kNoKernels);
    return CUDA_ERROR_JIT_COMPILER_NOT_FOUND;
}

}  // namespace opennvsci::softcuda
