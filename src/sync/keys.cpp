// SPDX-License-Identifier: Apache-2.0
#include "sync/keys.h"

#include <array>

#include "attr/rules.h"
#include "attr/slot.h"
#include "attr/value_types.h"

namespace opennvsci::sync {
namespace {

using attr::Ask;
using attr::Bytes;
using attr::Direction;
using attr::Key;
using attr::Legal;
using attr::Presence;
using attr::Slot;
using attr::ValueType;
namespace value = attr::value;

constexpr value::Names<4> kPermissions{{"0", "WaitOnly", "SignalOnly", "WaitSignal"}};
constexpr value::Names<6> kPrimitives{{"LowerBound", "Syncpoint", "SysmemSemaphore", "VidmemSemaphore",
                                       "SysmemSemaphorePayload64b", "VidmemSemaphorePayload64b"}};
constexpr value::Names<3> kResidences{{"system memory", "video memory", "CUDA streams of this process"}};

void append_permission(std::string& out, const void* element) {
    const auto permission = load<std::uint64_t>(element);
    if (permission < std::size(kPermissions.names)) {
        out += kPermissions.names[permission];
    } else {
        out += permission == NvSciSyncAccessPerm_Auto ? "Auto" : std::to_string(permission);
    }
}

constexpr ValueType kPermissionType{"NvSciSyncAccessPerm", sizeof(NvSciSyncAccessPerm), nullptr, append_permission};
constexpr ValueType kPrimitiveType = value::enumeration<kPrimitives>("NvSciSyncAttrValPrimitiveType");
constexpr ValueType kResidenceType = value::enumeration<kResidences>("Residence");

constexpr Legal kBool{"true (1) or false (0)", [](const void* e) { return load<std::uint8_t>(e) <= 1; }};
constexpr Legal kPermission{"WaitOnly, SignalOnly or WaitSignal", [](const void* element) {
                                const auto permission = load<std::uint64_t>(element);
                                return permission >= NvSciSyncAccessPerm_WaitOnly &&
                                       permission <= NvSciSyncAccessPerm_WaitSignal;
                            }};
constexpr Legal kPrimitive{"a primitive type", [](const void* element) {
                               const auto primitive = load<std::uint32_t>(element);
                               return primitive > NvSciSyncAttrValPrimitiveType_LowerBound &&
                                      primitive < NvSciSyncAttrValPrimitiveType_UpperBound;
                           }};

bool merge_permissions(const Key& key, std::span<const Ask> asks, Slot& out) {
    std::uint64_t all = 0;
    for (const Ask& ask : asks)
        all |= load<std::uint64_t>(ask.value.data());
    out.put(key, std::as_bytes(std::span(&all, 1)));
    return true;
}

bool grants_permission(const Key& key, const Slot& reconciled, const Slot& unreconciled) {
    const auto granted = reconciled.scalar<std::uint64_t>(NvSciSyncAttrKey_ActualPerm).value_or(0);
    const auto wanted = unreconciled.scalar<std::uint64_t>(key.number).value_or(0);
    return (wanted & ~granted) == 0;
}

// The chosen primitive is one of those that the other list names, if it names any.
bool offers_primitive(const Key& key, const Slot& reconciled, const Slot& unreconciled) {
    const Bytes offered = unreconciled.get(key);
    const Bytes chosen = reconciled.get(key);
    for (std::size_t at = 0; at < offered.size(); at += sizeof(std::uint32_t)) {
        if (load<std::uint32_t>(offered.data() + at) == load<std::uint32_t>(chosen.data())) return true;
    }
    return offered.empty();
}

// Timestamps are for lists that wait with the CPU (nvscisync.md 5.2); others ask in vain.
bool grants_timestamps(const Key& key, const Slot& reconciled, const Slot& unreconciled) {
    const auto is_true = [&](std::uint32_t number) {
        return unreconciled.scalar<std::uint8_t>(number).value_or(0) != 0;
    };
    const auto permission = unreconciled.scalar<std::uint64_t>(NvSciSyncAttrKey_RequiredPerm).value_or(0);
    const bool counts = is_true(key.number) && is_true(NvSciSyncAttrKey_NeedCpuAccess) &&
                        (permission & NvSciSyncAccessPerm_WaitOnly) != 0;
    return !counts || reconciled.scalar<bool>(key.number).value_or(false);
}

constexpr attr::MergeRule kAllPermissions{"all permissions", "the permissions of all lists together",
                                          merge_permissions};
constexpr attr::CheckRule kPermissionGranted{"permission granted", grants_permission};
constexpr attr::CheckRule kTimestampsGranted{"timestamps granted", grants_timestamps};
constexpr attr::CheckRule kPrimitiveOffered{"primitive offered", offers_primitive};

// Columns that many rows share.
constexpr auto kOut = Direction::out;
constexpr auto kInOut = Direction::in_out;
constexpr auto kInternal = Direction::internal;
constexpr auto kMandatory = Presence::mandatory;
constexpr auto kOptional = Presence::optional;
constexpr auto kOutput = Presence::output;
constexpr std::uint16_t kMaxPrimitives = 5;
constexpr std::uint16_t kMaxGpus = 16;
constexpr std::uint16_t kMaxPeers = 128;
using attr::check::implies;
using attr::check::superset;
using attr::merge::logical_or;
using attr::merge::set_union;

#define SYNC(name) NvSciSyncAttrKey_##name, "NvSciSyncAttrKey_" #name

// clang-format off
constexpr std::array kKeys{
    // number and name                         type                   count           direction  presence    legal         merge             check
    Key{SYNC(NeedCpuAccess),                   &value::boolean,       1,              kInOut,    kOptional,  &kBool,       &logical_or,      &implies},
    Key{SYNC(RequiredPerm),                    &kPermissionType,      1,              kInOut,    kMandatory, &kPermission, &kAllPermissions, &kPermissionGranted},
    Key{SYNC(ActualPerm),                      &kPermissionType,      1,              kOut,      kOutput,    nullptr,      nullptr,          nullptr},
    Key{SYNC(WaiterContextInsensitiveFenceExports), &value::boolean,  1,              kInOut,    kOptional,  &kBool,       &logical_or,      &implies},
    Key{SYNC(WaiterRequireTimestamps),         &value::boolean,       1,              kInOut,    kOptional,  &kBool,       nullptr,          &kTimestampsGranted},
    Key{SYNC(RequireDeterministicFences),      &value::boolean,       1,              kInOut,    kOptional,  &kBool,       &logical_or,      &implies},
    Key{SYNC(NumTimestampSlots),               &value::uint32,        1,              kOut,      kOutput,    nullptr,      nullptr,          nullptr},
    Key{SYNC(NumTaskStatusSlots),              &value::uint32,        1,              kOut,      kOutput,    nullptr,      nullptr,          nullptr},
    Key{SYNC(MaxPrimitiveValue),               &value::uint64,        1,              kOut,      kOutput,    nullptr,      nullptr,          nullptr},
    Key{SYNC(PrimitiveInfo),                   &kPrimitiveType,       kMaxPrimitives, kInOut,    kOptional,  &kPrimitive,  nullptr,          &kPrimitiveOffered},
    Key{SYNC(PeerLocationInfo),                &value::peer_location, kMaxPeers,      kInOut,    kOptional,  nullptr,      &set_union,       &superset},
    Key{SYNC(GpuId),                           &value::gpu_id,        kMaxGpus,       kInOut,    kOptional,  nullptr,      &set_union,       &superset},
    Key{SYNC(PeerHwEngineArray),               &value::peer_engine,   kMaxPeers,      kInOut,    kOptional,  nullptr,      &set_union,       &superset},

    Key{kResidence, "Residence",               &kResidenceType,       1,              kInternal, kOutput,    nullptr,      nullptr,          nullptr},
    Key{kResidenceGpu, "ResidenceGpu",         &value::gpu_id,        1,              kInternal, kOutput,    nullptr,      nullptr,          nullptr},
    Key{kCpuSignaler, "CpuSignaler",           &value::boolean,       1,              kInternal, kOutput,    nullptr,      nullptr,          nullptr},
    Key{kStreamSignaler, "StreamSignaler",     &value::boolean,       1,              kInternal, kOutput,    nullptr,      nullptr,          nullptr},
    Key{kStreamWaiter, "StreamWaiter",         &value::boolean,       1,              kInternal, kOutput,    nullptr,      nullptr,          nullptr},
};
// clang-format on

}  // namespace

const attr::Schema& schema() {
    static const attr::Schema schema(kKeys, attr::ListRules{.checks_values_when_set = false,
                                                            .reads_outputs_of_any_list = true,
                                                            .writes_clones_of_several_slots = true});
    return schema;
}

}  // namespace opennvsci::sync
