// SPDX-License-Identifier: Apache-2.0
//
// The exchange of NvSciBuf's lists with the peer of an endpoint: what goes into a blob (attr/wire.h), and what is
// believed of one. A list that comes in remembers the link that it came by; a reconciled list goes out only by a link
// that lists of its reconciliation came by, and says there what the process at the other end gets (buf/peers.h).
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "attr/wire.h"
#include "ipc/endpoint.h"

namespace opennvsci::buf {

/// All slots of unreconciled lists, at least one, as one blob. Errors: Overflow if they are too much.
[[nodiscard]] Result<attr::wire::Blob> export_unreconciled(std::span<const attr::List* const> lists,
                                                           const ipc::Endpoint& endpoint);

/// The read-only list of a blob that the peer exported; the blob is read once. Errors: BadParameter for what is no such
/// blob or no program could have set; NotSupported for a key twice.
[[nodiscard]] Result<std::unique_ptr<attr::List>> import_unreconciled(const void* blob, std::size_t size,
                                                                      ipc::Endpoint& endpoint);

/// A reconciled list as the peer is to see it. With an attachment, it is the blob of an object, whose descriptor the
/// attachment is. Errors: NotPermitted if none of the peer's lists took part; those of Endpoint::link().
[[nodiscard]] Result<attr::wire::Blob> export_reconciled(const attr::List& list, ipc::Endpoint& endpoint,
                                                         attr::Bytes attachment = {});

/// The reconciled list, with the attachment if it is that of an object, of a blob that the peer exported to this
/// opening of the endpoint; the blob is read once. Errors: BadParameter for what is no such blob, or what no
/// reconciliation gives.
[[nodiscard]] Result<attr::wire::Imported> import_reconciled(const void* blob, std::size_t size,
                                                             ipc::Endpoint& endpoint,
                                                             attr::wire::Kind kind = attr::wire::Kind::reconciled);

}  // namespace opennvsci::buf
