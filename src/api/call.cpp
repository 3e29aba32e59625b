// SPDX-License-Identifier: Apache-2.0
#include "api/call.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>

#include "base/log.h"

namespace opennvsci::api {
namespace {

// A plain array: remembering a failure must not allocate, and must work while a thread ends.
thread_local std::array<char, 1024> t_last_failure{};

// A later one, not written there yet. In the static block: keeping it is a store.
struct UnwrittenFailure {
    const char* function = nullptr;  // null: none
    const char* text = nullptr;
};
constinit thread_local UnwrittenFailure t_unwritten [[gnu::tls_model("initial-exec")]];

Codes remember(std::string_view function, std::string_view text, Codes codes) noexcept {
    t_unwritten = {};
    std::size_t used = 0;
    const auto append = [&](std::string_view part) {
        const std::size_t count = std::min(part.size(), t_last_failure.size() - 1 - used);
        std::memcpy(t_last_failure.data() + used, part.data(), count);
        used += count;
    };
    append(function);
    append(": ");
    append(text);
    t_last_failure[used] = '\0';
    if (log::enabled(log::Level::debug)) log::write(log::Level::debug, t_last_failure.data());
    return codes;
}

}  // namespace

Codes remember_failure(std::string_view function, const Error& error) noexcept {
    return remember(function, error.text, {error.code, error.cuda});
}

void remember_failure(const char* function, const char* text) noexcept {
    t_unwritten = {function, text};
    if (log::enabled(log::Level::debug)) remember(function, text, {});
}

// Nothing of ours throws: this is operator new, a container that cannot be as long as asked, a thread or a lock that
// the system does not give.
Codes remember_exception(std::string_view function) noexcept {
    constexpr Codes kOutOfMemory{NvSciError_InsufficientMemory, cu::CUDA_ERROR_OUT_OF_MEMORY};
    constexpr Codes kSystem{NvSciError_ResourceError, cu::CUDA_ERROR_OPERATING_SYSTEM};
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return remember(function, "out of memory", kOutOfMemory);
    } catch (const std::length_error& error) {
        return remember(function, error.what(), kOutOfMemory);
    } catch (const std::exception& error) {
        return remember(function, error.what(), kSystem);
    } catch (...) {
        return remember(function, "an exception of an unknown type", kSystem);
    }
}

void print_last_failure() noexcept {
    log::write(log::Level::error, last_failure_text());
}

const char* last_failure_text() noexcept {
    if (const UnwrittenFailure unwritten = t_unwritten; unwritten.function != nullptr)
        remember(unwritten.function, unwritten.text, {});
    return t_last_failure.data();
}

}  // namespace opennvsci::api
