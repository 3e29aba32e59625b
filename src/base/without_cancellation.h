// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

namespace opennvsci {

/// As long as it lives, the calling thread is not cancelled. A thread that is to be is unwound at the next open or
/// write, and a call that may not fail for what it writes beside must not be left so.
class WithoutCancellation {
  public:
    WithoutCancellation() noexcept { ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
    WithoutCancellation(const WithoutCancellation&) = delete;
    WithoutCancellation& operator=(const WithoutCancellation&) = delete;
    ~WithoutCancellation() { ::pthread_setcancelstate(before_, nullptr); }

  private:
    int before_ = PTHREAD_CANCEL_ENABLE;
};

}  // namespace opennvsci
