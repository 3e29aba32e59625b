// SPDX-License-Identifier: Apache-2.0
#include "base/thread_number.h"

#include <atomic>

namespace opennvsci::detail {

constinit thread_local std::uint32_t t_thread_number [[gnu::tls_model("initial-exec")]] = 0;

std::uint32_t number_this_thread() noexcept {
    static std::atomic<std::uint32_t> last{0};
    do {
        t_thread_number = last.fetch_add(1, std::memory_order_relaxed) + 1;
    } while (t_thread_number == 0);
    return t_thread_number;
}

}  // namespace opennvsci::detail
