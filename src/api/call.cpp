// SPDX-License-Identifier: Apache-2.0
#include "api/call.h"

#include <array>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>

#include "api/error_name.h"
#include "api/last_refusal.h"
#include "base/log.h"
#include "base/text_buffer.h"

namespace opennvsci::api {
namespace {

// Remembering a failure must not allocate, and must work while a thread ends.
thread_local TextBuffer<1024> t_last_failure;
constinit thread_local Codes t_last_codes [[gnu::tls_model("initial-exec")]];

// A later one, not written there yet. In the static block: keeping it is a store.
struct UnwrittenFailure {
    const char* function = nullptr;  // null: none
    const char* text = nullptr;
    NvSciError code = NvSciError_Success;
};
constinit thread_local UnwrittenFailure t_unwritten [[gnu::tls_model("initial-exec")]];

constinit thread_local bool t_prints_refusals [[gnu::tls_model("initial-exec")]] = true;

enum class Outcome { refused, expected };

// What a failure that says nothing of Vulkan is in Vulkan's words. Memory that is out is the host's: the CUDA driver's
// failures say so themselves.
constexpr vk::VkResult vulkan_result_of(NvSciError code, cu::CUresult cuda) noexcept {
    if (cuda == cu::CUDA_ERROR_OUT_OF_MEMORY) return vk::VK_ERROR_OUT_OF_HOST_MEMORY;
    switch (code) {
        case NvSciError_InsufficientMemory:
            return vk::VK_ERROR_OUT_OF_HOST_MEMORY;
        case NvSciError_NotSupported:
            return vk::VK_ERROR_FEATURE_NOT_PRESENT;
        case NvSciError_NotInitialized:
        case NvSciError_ResourceError:
            return vk::VK_ERROR_INITIALIZATION_FAILED;
        default:
            return vk::VK_ERROR_VALIDATION_FAILED_EXT;
    }
}

// Of a function that has no result of CUDA or Vulkan.
constexpr Codes codes_of(NvSciError code) noexcept {
    return {code, cu::CUDA_ERROR_INVALID_VALUE, vulkan_result_of(code, cu::CUDA_ERROR_INVALID_VALUE)};
}

Codes codes_of(const Error& error) noexcept {
    return {error.code, error.cuda,
            error.vulkan != 0 ? static_cast<vk::VkResult>(error.vulkan) : vulkan_result_of(error.code, error.cuda)};
}

log::Level level_of(Channel channel, Outcome outcome) noexcept {
    if (channel == Channel::none) return log::Level::error;
    return outcome == Outcome::refused && t_prints_refusals ? log::Level::notice : log::Level::debug;
}

// The code is in the line because it is all that most programs show.
void print(log::Level level, std::string_view function, std::string_view text, Codes codes, Channel channel) noexcept {
    std::array<char, 32> other{};
    if (channel == Channel::cuda) {
        std::snprintf(other.data(), other.size(), " (CUresult %d)", static_cast<int>(codes.cuda));
    } else if (channel == Channel::vulkan) {
        std::snprintf(other.data(), other.size(), " (VkResult %d)", static_cast<int>(codes.vulkan));
    }
    const TextBuffer<1280> line{function,     ": ", error_name(static_cast<std::uint32_t>(codes.code)),
                                other.data(), ": ", text};
    log::write_bounded(level, line.view());
}

Codes remember(std::string_view function, std::string_view text, Codes codes, Channel channel,
               Outcome outcome) noexcept {
    t_unwritten = {};
    t_last_failure.assign({function, ": ", text});
    t_last_codes = codes;
    const log::Level level = level_of(channel, outcome);
    if (log::enabled(level)) print(level, function, text, codes, channel);
    if (trace::is_on()) [[unlikely]] {
        trace::note_failure(function, error_name(static_cast<std::uint32_t>(codes.code)), text,
                            outcome == Outcome::refused);
    }
    return codes;
}

}  // namespace

Codes remember_failure(std::string_view function, const Error& error, Channel channel) noexcept {
    keep_details(&error);
    return remember(function, error.text, codes_of(error), channel,
                    error.is_expected ? Outcome::expected : Outcome::refused);
}

NvSciError remember_expected(const char* function, NvSciError code, const char* text) noexcept {
    t_unwritten = {function, text, code};
    if (log::enabled(log::Level::debug)) {
        keep_details(nullptr);
        remember(function, text, codes_of(code), Channel::nvsci, Outcome::expected);
    }
    return code;
}

// Nothing of ours throws: this is operator new, a container that cannot be as long as asked, a thread or a lock that
// the system does not give.
Codes remember_exception(std::string_view function, Channel channel) noexcept {
    constexpr Codes kOutOfMemory{NvSciError_InsufficientMemory, cu::CUDA_ERROR_OUT_OF_MEMORY,
                                 vk::VK_ERROR_OUT_OF_HOST_MEMORY};
    constexpr Codes kSystem{NvSciError_ResourceError, cu::CUDA_ERROR_OPERATING_SYSTEM,
                            vk::VK_ERROR_INITIALIZATION_FAILED};
    const auto refused = [&](std::string_view text, Codes codes) {
        keep_details(nullptr);
        return remember(function, text, codes, channel, Outcome::refused);
    };
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return refused("out of memory", kOutOfMemory);
    } catch (const std::length_error& error) {
        return refused(error.what(), kOutOfMemory);
    } catch (const std::exception& error) {
        return refused(error.what(), kSystem);
    } catch (...) {
        return refused("an exception of an unknown type", kSystem);
    }
}

const char* last_failure_text() noexcept {
    if (const UnwrittenFailure unwritten = t_unwritten; unwritten.function != nullptr) {
        t_unwritten = {};
        t_last_failure.assign({unwritten.function, ": ", unwritten.text});
        t_last_codes = codes_of(unwritten.code);
        keep_details(nullptr);
    }
    return t_last_failure.c_str();
}

Codes last_failure_codes() noexcept {
    return t_last_codes;
}

bool print_refusals(bool are_printed) noexcept {
    return std::exchange(t_prints_refusals, are_printed);
}

}  // namespace opennvsci::api
