// SPDX-License-Identifier: Apache-2.0
#include "sync/object_exchange.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <span>
#include <vector>

#include "base/unaligned.h"
#include "sync/keys.h"
#include "sync/peers.h"
#include "sync/seal.h"

namespace opennvsci::sync {
namespace {

constexpr std::uint64_t kMagic = 0x31304A424F534E4F;  // "ONSOBJ01" in memory; the last two are the version
constexpr NvSciSyncAccessPerm kAllAccess = NvSciSyncAccessPerm_WaitSignal;

// Flags.
constexpr std::uint64_t kHasTimestamps = 1U << 0U;
constexpr std::uint64_t kHas32Bits = 1U << 1U;
constexpr std::uint64_t kStreamsSignal = 1U << 2U;  // else it is a CPU that signals
constexpr std::uint64_t kKnownFlags = (1U << 3U) - 1;

// What descriptor and parcel both say. Only 64-bit words, so that no byte of it is padding.
struct Record {
    std::uint64_t magic = kMagic;
    Timeline::Identity identity;
    std::uint64_t permission = 0;
    std::uint64_t flags = 0;
    friend bool operator==(const Record&, const Record&) = default;
};

// The descriptor up to where only zeros follow.
struct Descriptor {
    Record record;
    std::uint64_t instance = 0;  // of the exporter's endpoint
    ipc::Token token;
    std::uint64_t seal = 0;  // over what stands before

    using Words = std::array<std::uint64_t, 8>;
    [[nodiscard]] std::uint64_t computed_seal() const noexcept {
        Words words;
        std::memcpy(words.data(), this, sizeof(words));
        return seal_over(words);
    }
};
static_assert(sizeof(Descriptor) == sizeof(Descriptor::Words) + sizeof(std::uint64_t));
static_assert(sizeof(Descriptor) <= sizeof(NvSciSyncObjIpcExportDescriptor));

std::string text_of(NvSciSyncAccessPerm permissions) {
    switch (permissions) {
        case NvSciSyncAccessPerm_WaitOnly:
            return "WaitOnly";
        case NvSciSyncAccessPerm_SignalOnly:
            return "SignalOnly";
        case NvSciSyncAccessPerm_WaitSignal:
            return "WaitSignal";
        default:
            return fmt::format("{:#x}", permissions);
    }
}

Result<> check_known(NvSciSyncAccessPerm permissions) {
    const bool is_known = permissions != 0 && (permissions & ~kAllAccess) == 0;
    if (is_known || permissions == NvSciSyncAccessPerm_Auto) return {};
    return fail_unmet(NvSciError_BadParameter,
                      {"permissions", fmt::format("{:#x}", permissions), "WaitOnly, SignalOnly, WaitSignal or Auto"},
                      "permissions are {found}, and must be {needed}");
}

Result<NvSciSyncAccessPerm> granted_to(const ipc::Link& link, const Object& object, NvSciSyncAccessPerm permissions) {
    OPENNVSCI_TRY(check_known(permissions));
    OPENNVSCI_TRY_ASSIGN(share, share_of(*object.list(), link.session()));
    const NvSciSyncAccessPerm granted = permissions == NvSciSyncAccessPerm_Auto ? share.permission : permissions;
    if (granted != share.permission) {
        return fail(NvSciError_BadParameter, {"permission", text_of(granted), text_of(share.permission)},
                    fmt::format("permissions are {}, {} what the lists of peer {} ask, which is {}; give that, or Auto",
                                text_of(granted), (granted & ~share.permission) != 0 ? "more than" : "less than",
                                link.peer_name(), text_of(share.permission)));
    }
    if ((granted & ~object.permission()) != 0) {
        return fail(NvSciError_BadParameter,
                    {"permission of this process", text_of(object.permission()), text_of(granted)},
                    fmt::format("this process has {} on the object, and cannot give {} to peer {}",
                                text_of(object.permission()), text_of(granted), link.peer_name()));
    }
    return granted;
}

std::uint64_t flags_of(const Timeline::Description& description) {
    const bool streams_signal =
        description.is_signaled_elsewhere ? description.may_peer_streams_signal : description.streams_signal;
    return (description.has_timestamps ? kHasTimestamps : 0U) | (description.has_32_bits ? kHas32Bits : 0U) |
           (streams_signal ? kStreamsSignal : 0U);
}

// The descriptors of the memory that a peer gets.
struct Files {
    std::vector<UniqueFd> owned;

    [[nodiscard]] Result<> add(const SharedPage& page, memory::Right right) {
        OPENNVSCI_TRY_ASSIGN(file, page.descriptor(right));
        owned.push_back(std::move(file));
        return {};
    }
    [[nodiscard]] std::vector<int> numbers() const {
        std::vector<int> all;
        for (const UniqueFd& file : owned)
            all.push_back(file.get());
        return all;
    }
};

Result<> require_own_timestamps(const Timeline& timeline) {
    if (!timeline.description().has_timestamps || timeline.counter().pages().timestamps != nullptr) return {};
    return fail(NvSciError_ResourceError, {"NvSciSyncAttrKey_PeerLocationInfo", "unset", "set"},
                "the object was allocated when no other process was to take part, and its timestamps lie beside those "
                "of others; set NvSciSyncAttrKey_PeerLocationInfo in a list that is reconciled, which says that a peer "
                "will come");
}

// The permissions that the importer needs at least.
Result<> check_granted(NvSciSyncAccessPerm granted, NvSciSyncAccessPerm permissions, const attr::List& list,
                       const ipc::Link& link) {
    OPENNVSCI_TRY(check_known(permissions));
    const auto needed = permissions == NvSciSyncAccessPerm_Auto
                            ? list.reconciled().required<NvSciSyncAccessPerm>(NvSciSyncAttrKey_ActualPerm)
                            : permissions;
    if ((needed & ~granted) == 0) return {};
    return fail(NvSciError_BadParameter, {"permission", text_of(granted), text_of(needed)},
                fmt::format("peer {} granted {} on the object, and {} is needed", link.peer_name(), text_of(granted),
                            text_of(needed)));
}

tl::unexpected<Error> not_an_object(std::string_view problem) {
    return fail(NvSciError_BadParameter,
                fmt::format("the descriptor is not one of an object for this endpoint: {}", problem));
}

Result<Descriptor> read(const NvSciSyncObjIpcExportDescriptor& given) {
    const auto copy = load_once<NvSciSyncObjIpcExportDescriptor>(&given);
    const auto descriptor = load<Descriptor>(&copy);
    if (descriptor.record.magic != kMagic) return not_an_object("no library of this version wrote it");
    for (const std::uint64_t word : std::span(copy.payload).subspan(sizeof(descriptor) / sizeof(std::uint64_t))) {
        if (word != 0) return not_an_object("there is something where nothing belongs");
    }
    if (descriptor.seal != descriptor.computed_seal()) return not_an_object("it was changed on its way");
    const Record& record = descriptor.record;
    if (record.permission == 0 || (record.permission & ~kAllAccess) != 0 || (record.flags & ~kKnownFlags) != 0 ||
        record.identity == Timeline::Identity{}) {
        return not_an_object("its fields hold what no object has");
    }
    return descriptor;
}

Result<> check_list(const attr::List& list, const Record& record, const ipc::Link& link) {
    const auto report = list.report();
    if (report == nullptr || report->source() != link.session()) {
        return fail(NvSciError_BadParameter, {"origin of the list", "another one", "the peer"},
                    fmt::format("the list did not come from peer {}, as the object did", link.peer_name()));
    }
    const attr::Slot& values = list.reconciled();
    const bool has_timestamps = values.required<bool>(NvSciSyncAttrKey_WaiterRequireTimestamps);
    const bool has_32_bits = values.required<std::uint64_t>(NvSciSyncAttrKey_MaxPrimitiveValue) == UINT32_MAX;
    if (has_timestamps == ((record.flags & kHasTimestamps) != 0) && has_32_bits == ((record.flags & kHas32Bits) != 0)) {
        return {};
    }
    return fail(NvSciError_BadParameter, "the list is that of another object: primitive and timestamps differ");
}

}  // namespace

Result<NvSciSyncObjIpcExportDescriptor> export_object(const Object& object, NvSciSyncAccessPerm permissions,
                                                      ipc::Endpoint& endpoint) {
    Timeline& timeline = object.timeline();
    OPENNVSCI_TRY_ASSIGN(identity, timeline.identity());
    OPENNVSCI_TRY_ASSIGN(link, endpoint.link());
    OPENNVSCI_TRY_ASSIGN(granted, granted_to(*link, object, permissions));
    OPENNVSCI_TRY(require_own_timestamps(timeline));
    const bool is_signaler = (granted & NvSciSyncAccessPerm_SignalOnly) != 0;
    const Counter::Pages& own = timeline.counter().pages();
    const bool has_own_words = own.words == nullptr;  // the peer gets words of its own
    if (is_signaler && (has_own_words || !timeline.description().is_signaled_elsewhere)) {
        return fail(NvSciError_BadParameter, {"signaler", "this process", "the peer"},
                    fmt::format("this process signals the object, so peer {} cannot: an object has one signaler",
                                link->peer_name()));
    }

    OPENNVSCI_TRY(link->check_room(own.timestamps != nullptr ? 2 : 1));
    // A peer that gets the object once more gets the same words once more.
    std::shared_ptr<SharedPage> words = has_own_words ? timeline.counter().mirror_page_of(*link) : own.words;
    const bool is_new_mirror = words == nullptr;
    if (is_new_mirror) {
        OPENNVSCI_TRY_ASSIGN(made, SharedPage::create(Counter::kWordsPageBytes, memory::Right::read_write));
        words = std::move(made);
    }
    Files files;
    OPENNVSCI_TRY(files.add(*words, memory::Right::read_write));
    if (own.timestamps != nullptr) {
        OPENNVSCI_TRY(files.add(*own.timestamps, is_signaler ? memory::Right::read_write : memory::Right::read_only));
    }
    Descriptor descriptor;
    descriptor.record.identity = identity;
    descriptor.record.permission = granted;
    descriptor.record.flags = flags_of(timeline.description());
    descriptor.instance = endpoint.instance();
    // The words follow before the peer has them. If nothing can be sent to it now, they are there for the next export.
    if (is_new_mirror) {
        OPENNVSCI_TRY(timeline.add_mirror({std::move(words), link}));
    } else if (!has_own_words) {
        OPENNVSCI_TRY(timeline.add_sharer(link, is_signaler));
    }
    OPENNVSCI_TRY_ASSIGN(token, link->send(std::as_bytes(std::span(&descriptor.record, 1)), files.numbers()));
    descriptor.token = token;
    descriptor.seal = descriptor.computed_seal();
    NvSciSyncObjIpcExportDescriptor out{};
    std::memcpy(out.payload, &descriptor, sizeof(descriptor));
    return out;
}

Result<std::shared_ptr<Object>> import_object(std::shared_ptr<attr::Module> module, const attr::List& list,
                                              const NvSciSyncObjIpcExportDescriptor& given,
                                              NvSciSyncAccessPerm permissions, ipc::Endpoint& endpoint) {
    OPENNVSCI_TRY_ASSIGN(descriptor, read(given));
    const Record& record = descriptor.record;
    OPENNVSCI_TRY_ASSIGN(link, endpoint.link_from(descriptor.instance));
    OPENNVSCI_TRY(check_list(list, record, *link));
    OPENNVSCI_TRY(check_granted(record.permission, permissions, list, *link));

    // The parcel can be taken once, so what the program can get wrong was looked at before.
    OPENNVSCI_TRY_ASSIGN(parcel, link->take(descriptor.token));
    if (parcel.content.size() != sizeof(Record)) return not_an_object("what came with it is something else");
    if (load<Record>(parcel.content.data()) != record)
        return not_an_object("it differs from what the peer handed over");
    const bool has_timestamps = (record.flags & kHasTimestamps) != 0;
    if (parcel.files.size() != (has_timestamps ? 2U : 1U)) {
        return not_an_object("the peer did not hand over the memory that belongs to it");
    }
    Timeline::Import import;
    import.identity = record.identity;
    import.may_streams_signal = (record.flags & kStreamsSignal) != 0;
    OPENNVSCI_TRY_ASSIGN(
        words, SharedPage::import(std::move(parcel.files[0]), Counter::kWordsPageBytes, memory::Right::read_write));
    import.pages.words = std::move(words);
    if (has_timestamps) {
        const bool is_signaler = (record.permission & NvSciSyncAccessPerm_SignalOnly) != 0;
        OPENNVSCI_TRY_ASSIGN(timestamps,
                             SharedPage::import(std::move(parcel.files[1]), Counter::kTimestampsPageBytes,
                                                is_signaler ? memory::Right::read_write : memory::Right::read_only));
        import.pages.timestamps = std::move(timestamps);
    }
    import.link = std::move(link);
    return Object::import(std::move(module), list, record.permission, std::move(import));
}

}  // namespace opennvsci::sync
