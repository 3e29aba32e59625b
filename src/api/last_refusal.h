// SPDX-License-Identifier: Apache-2.0
//
// What is known of the calling thread's last failure beside its text: what was not as it must be, and the report of a
// refused reconciliation. The text itself is kept by api/call.h, which needs no memory for it; this does, and is left
// out where there is none, and when a thread ends.
#pragma once

#include <memory>

#include "attr/report.h"
#include "base/result.h"
#include "opennvsci.h"

namespace opennvsci::api {

/// Another failure is the last one now; `error` is null if nothing more is known of it. Keeps no memory if it has
/// nothing to keep.
void keep_details(const Error* error) noexcept;

/// The last failure is `error`, the refusal of the reconciliation with this report.
void keep_report(const attr::Schema& schema, std::shared_ptr<const attr::Report> report, Error error) noexcept;

/// Stores the last failure in the form of the public interface, valid until the next one. It stays what it is, whatever
/// this returns: NotInitialized if nothing failed yet, InsufficientMemory.
[[nodiscard]] NvSciError last_refusal(const OpenNvSciRefusal*& refusal) noexcept;

/// The same, stored as a copy that is valid until free_refusal(), in any thread.
[[nodiscard]] NvSciError copy_last_refusal(const OpenNvSciRefusal*& refusal) noexcept;
void free_refusal(const OpenNvSciRefusal* refusal) noexcept;

}  // namespace opennvsci::api
