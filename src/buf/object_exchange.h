// SPDX-License-Identifier: Apache-2.0
//
// The exchange of objects: what goes into the descriptor that a program carries to a peer, what goes ahead of it over
// the link, and what is believed of both when they arrive.
//
// A descriptor holds the name of the exporter's opening of the endpoint, the token under which the memory was handed
// over, and the permission. What counts is the content of the parcel that the exporter's library sent under this token:
// a descriptor that says otherwise in any byte is refused. Of the memory itself the parcel says only what lets a
// program that mixes up lists be told so; size, place and kind come from the reconciled list and are checked against
// the memory (memory/file_memory.h, memory/driver_memory.h).
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "buf/object.h"
#include "ipc/endpoint.h"
#include "nvscibuf.h"

namespace opennvsci::buf {

/// The bytes of an NvSciBufObjIpcExportDescriptor.
using ObjectDescriptor = std::array<std::byte, sizeof(NvSciBufObjIpcExportDescriptor)>;

/// What an export of `object` with `asked` (Readonly, ReadWrite or Auto, as a program passes it) gives the peer at the
/// other end of `link`: the table of nvscibuf.md 7. Errors: BadParameter for another number, or beyond the object's own
/// right; NotPermitted if no list of the reconciliation came by the link; InvalidOperation if the peer was granted more
/// than `asked`, or than the object has.
[[nodiscard]] Result<memory::Right> right_of_export(const Object& object, std::uint32_t asked, const ipc::Link& link);

/// Hands the memory over to the peer of `endpoint`, once. A first export for reading of memory that nobody else may
/// write closes it to writers, also if the export fails afterwards. Errors: those of right_of_export(); NotPermitted in
/// a forked child; InvalidOperation if the memory is closed to writers; ResourceError; TryItAgain.
[[nodiscard]] Result<ObjectDescriptor> export_object(const Object& object, std::uint32_t asked,
                                                     ipc::Endpoint& endpoint);

/// The object of a descriptor that came from the peer of `endpoint`, with the permission that was granted. `reconciled`
/// is the list that came from it too; `minimum` is Readonly, ReadWrite or Auto, as a program passes it.
/// Errors: BadParameter for another number, for a descriptor that is malformed, was imported before or is not from this
/// peer, and for memory that is not that of the list; AccessDenied if less than `minimum` was granted; ResourceError.
[[nodiscard]] Result<std::shared_ptr<Object>> import_object(std::shared_ptr<Module> module,
                                                            const attr::List& reconciled,
                                                            const ObjectDescriptor& descriptor, std::uint32_t minimum,
                                                            ipc::Endpoint& endpoint);

}  // namespace opennvsci::buf
