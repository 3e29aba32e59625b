// SPDX-License-Identifier: Apache-2.0
//
// Wire: attribute lists as the bytes of one blob, which programs carry from process to process, and back. A blob is a
// header, which says whose it is and how long, and a FlatBuffer (attr/wire.fbs). Unreconciled lists travel whole: all
// slots, with names and the ways that they came. A reconciled list travels with what its participants asked, so that
// its new owner knows who gets what, and with the decisions of its report as far as there is room.
//
// What goes out is never an index or an address of this process, only random numbers. What comes in is believed of
// nobody: it is copied once, and the copy is checked down to the last value before anything is made of it. Knows bytes
// and rows of a schema; what a combination of results means, the floor that owns the schema checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attr/list.h"
#include "attr/report.h"

namespace opennvsci::attr::wire {

using Blob = std::vector<std::byte>;

/// What the libraries differ in.
struct Library {
    std::uint8_t number;  ///< in the header: 1 NvSciBuf, 2 NvSciSync
    const char* name;
    const Schema& (*schema)();
    NvSciError unsupported;        ///< the code for a key twice in a slot, and for another version
    NvSciError is_not_reconciled;  ///< the code for unreconciled lists where a reconciled one belongs
    /// The keys that say what the process of a participant gets. What was asked for them always travels.
    std::span<const std::uint32_t> share_keys;
};

enum class Kind : std::uint8_t {
    unreconciled = 1,           ///< slots of unreconciled lists
    reconciled = 2,             ///< a reconciled list
    reconciled_with_object = 3  ///< a reconciled list with an object's descriptor in its attachment
};

/// The samples of the reference send all that belongs together in one frame of 24,576 bytes. A blob that can be cut
/// is cut to stay below this, which leaves room for what goes with it.
inline constexpr std::size_t kRoom = 20'480;
/// No blob is longer. 4,096 slots of a few hundred bytes each, many times what a program ever reconciles, and little
/// enough that a peer cannot make this process hold much for it.
inline constexpr std::size_t kMostBytes = std::size_t{4} << 20;
inline constexpr std::size_t kMostSlots = 4096;
/// Processes that a list came through. A chain of relays is two or three long.
inline constexpr std::size_t kMostHops = 16;

/// The way that a blob came: the session of the link and the name of the endpoint at its other end.
struct Arrival {
    std::uint64_t session;
    std::string peer;
};

/// A copy of a blob of ours, by its header; its body is still unchecked.
class Received {
  public:
    /// Copies the blob, reading it once. Errors: BadParameter if this is no blob of `library`, or not its whole length.
    [[nodiscard]] static Result<Received> copy(const Library& library, const void* blob, std::size_t size);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    /// The opening of the endpoint that exported it (ipc/endpoint.h).
    [[nodiscard]] std::uint64_t instance() const noexcept { return instance_; }
    [[nodiscard]] const Library& library() const noexcept { return *library_; }
    [[nodiscard]] Bytes body() const noexcept;

  private:
    Received(const Library& library, Kind kind, std::uint64_t instance, Blob bytes)
        : library_(&library), kind_(kind), instance_(instance), bytes_(std::move(bytes)) {}

    const Library* library_;
    Kind kind_;
    std::uint64_t instance_;
    Blob bytes_;
};

/// All slots of unreconciled lists, at least one, with the ways that they came, as seen by the process that they go to.
/// `exporter` is the instance of the endpoint. Errors: Overflow if they are too many or came too far.
[[nodiscard]] Result<Blob> encode_unreconciled(const Library& library, std::uint64_t exporter,
                                               std::span<const Wishes> slots);

/// One read-only unreconciled list of all slots of a blob. Errors: BadParameter, with the slot and the key that no
/// program could have set; the library's code for a key twice.
[[nodiscard]] Result<std::unique_ptr<List>> decode_unreconciled(const Received& blob, const Arrival& arrival);

/// A reconciled list for the process at the other end of the link `session`: `result` is what that process is to see;
/// participants behind the link keep the rest of their way, the others become text. `report` may be null.
/// `attachment` goes along as it is. Errors: Overflow if even what cannot be left out is too long.
[[nodiscard]] Result<Blob> encode_reconciled(const Library& library, Kind kind, std::uint64_t exporter,
                                             std::uint64_t session, const Slot& result, const Report* report,
                                             Bytes attachment = {});

/// What a process sees of the result of a reconciliation that it took part in.
struct View {
    Slot result;
    Report report;
};

struct Imported {
    std::unique_ptr<List> list;
    std::vector<std::byte> attachment;
};

/// The reconciled list of a blob of `kind`, whose values a reconciliation can give one by one. Errors: BadParameter,
/// with what is wrong, also if the blob was made for another link; the library's codes.
[[nodiscard]] Result<Imported> decode_reconciled(const Received& blob, const Arrival& arrival, Kind kind);

}  // namespace opennvsci::attr::wire
