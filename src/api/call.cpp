// SPDX-License-Identifier: Apache-2.0
#include "api/call.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <new>
#include <stdexcept>

#include "api/error_name.h"
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

constinit thread_local bool t_prints_refusals [[gnu::tls_model("initial-exec")]] = true;

// A text of parts, cut where the array ends, with a 0.
template <std::size_t kSize>
void write_parts(std::array<char, kSize>& out, std::initializer_list<std::string_view> parts) noexcept {
    std::size_t used = 0;
    for (const std::string_view part : parts) {
        const std::size_t count = std::min(part.size(), out.size() - 1 - used);
        std::memcpy(out.data() + used, part.data(), count);
        used += count;
    }
    out[used] = '\0';
}

// Prints a failure, which stands in t_last_failure. The code is in the line because it is all that most programs show.
void print(std::string_view function, std::string_view text, Codes codes, Channel channel) noexcept {
    if (channel == Channel::none) return log::write(log::Level::error, t_last_failure.data());
    if (!t_prints_refusals || !log::enabled(log::Level::notice)) return;
    std::array<char, 32> cuda{};
    if (channel == Channel::cuda)
        std::snprintf(cuda.data(), cuda.size(), " (CUresult %d)", static_cast<int>(codes.cuda));
    std::array<char, 1280> line{};
    write_parts(line, {function, ": ", error_name(codes.code), cuda.data(), ": ", text});
    log::write_bounded(log::Level::notice, line.data());
}

enum class Outcome { refused, expected };

Codes remember(std::string_view function, std::string_view text, Codes codes, Channel channel,
               Outcome outcome) noexcept {
    t_unwritten = {};
    write_parts(t_last_failure, {function, ": ", text});
    if (outcome == Outcome::refused || channel == Channel::none) {
        print(function, text, codes, channel);
    } else if (log::enabled(log::Level::debug)) {
        log::write(log::Level::debug, t_last_failure.data());
    }
    return codes;
}

}  // namespace

Codes remember_failure(std::string_view function, const Error& error, Channel channel) noexcept {
    return remember(function, error.text, {error.code, error.cuda}, channel,
                    error.is_expected ? Outcome::expected : Outcome::refused);
}

void remember_expected(const char* function, const char* text) noexcept {
    t_unwritten = {function, text};
    if (log::enabled(log::Level::debug)) remember(function, text, {}, Channel::nvsci, Outcome::expected);
}

// Nothing of ours throws: this is operator new, a container that cannot be as long as asked, a thread or a lock that
// the system does not give.
Codes remember_exception(std::string_view function, Channel channel) noexcept {
    constexpr Codes kOutOfMemory{NvSciError_InsufficientMemory, cu::CUDA_ERROR_OUT_OF_MEMORY};
    constexpr Codes kSystem{NvSciError_ResourceError, cu::CUDA_ERROR_OPERATING_SYSTEM};
    const auto refused = [&](std::string_view text, Codes codes) {
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
        write_parts(t_last_failure, {unwritten.function, ": ", unwritten.text});
    }
    return t_last_failure.data();
}

bool print_refusals(bool are_printed) noexcept {
    return std::exchange(t_prints_refusals, are_printed);
}

}  // namespace opennvsci::api
