// SPDX-License-Identifier: Apache-2.0
//
// The exchange of NvSciSync objects with the peer of an endpoint: what goes into the 1,024 bytes of a descriptor, and
// what is believed of one. The descriptor only names a parcel of the link (ipc/link.h), in which the memory comes and
// the truth is told once more: both must say the same. Which memory a peer gets: sync/counter.h.
#pragma once

#include <memory>

#include "ipc/endpoint.h"
#include "nvscisync.h"
#include "sync/object.h"

namespace opennvsci::sync {

/// Hands an object over to the peer. Errors: BadParameter for permissions that are none, that the peer was not granted,
/// or that are less than it asked; that of share_of; those of the link; InvalidState in a forked child.
[[nodiscard]] Result<NvSciSyncObjIpcExportDescriptor> export_object(const Object& object,
                                                                    NvSciSyncAccessPerm permissions,
                                                                    ipc::Endpoint& endpoint);

/// Takes over what the peer handed over, once for each descriptor. `list` is the reconciled list that came from the
/// same peer, and `permissions` what is needed at least. The descriptor is read once. Errors: BadParameter for a
/// descriptor, a list or a permission that is not right; those of the link and of the memory.
[[nodiscard]] Result<std::shared_ptr<Object>> import_object(std::shared_ptr<attr::Module> module,
                                                            const attr::List& list,
                                                            const NvSciSyncObjIpcExportDescriptor& descriptor,
                                                            NvSciSyncAccessPerm permissions, ipc::Endpoint& endpoint);

}  // namespace opennvsci::sync
