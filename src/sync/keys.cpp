// SPDX-License-Identifier: Apache-2.0
#include "sync/keys.h"

#include <algorithm>
#include <array>

#include "attr/rules.h"
#include "attr/slot.h"
#include "attr/value_types.h"
#include "memory/domain.h"

namespace opennvsci::sync {
namespace {

using attr::Ask;
using attr::Bytes;
using attr::CheckedWishes;
using attr::Direction;
using attr::Key;
using attr::Legal;
using attr::Presence;
using attr::Slot;
using attr::ValueType;
namespace value = attr::value;

constexpr std::array<attr::Enumerator, 4> kPermissions{{{"WaitOnly", NvSciSyncAccessPerm_WaitOnly},
                                                        {"SignalOnly", NvSciSyncAccessPerm_SignalOnly},
                                                        {"WaitSignal", NvSciSyncAccessPerm_WaitSignal},
                                                        {"Auto", NvSciSyncAccessPerm_Auto}}};
constexpr auto kPrimitives = value::counted({"LowerBound", "Syncpoint", "SysmemSemaphore", "VidmemSemaphore",
                                             "SysmemSemaphorePayload64b", "VidmemSemaphorePayload64b"});
constexpr auto kDomains = value::counted({domain_name(memory::Domain::system), domain_name(memory::Domain::video)});

constexpr ValueType kPermissionType = value::enumeration<kPermissions, NvSciSyncAccessPerm>("NvSciSyncAccessPerm");
constexpr ValueType kPrimitiveType = value::enumeration<kPrimitives>("NvSciSyncAttrValPrimitiveType");
constexpr ValueType kDomainType = value::enumeration<kDomains>("MemoryDomain");

constexpr const Legal& kAny = attr::legal::any;
constexpr const Legal& kBool = attr::legal::boolean;
constexpr Legal kPermission{"WaitOnly, SignalOnly or WaitSignal", [](const void* element) {
                                const auto permission = load<std::uint64_t>(element);
                                return permission >= NvSciSyncAccessPerm_WaitOnly &&
                                       permission <= NvSciSyncAccessPerm_WaitSignal;
                            }};
bool is_primitive(const void* element) {
    const auto primitive = load<std::uint32_t>(element);
    return primitive > NvSciSyncAttrValPrimitiveType_LowerBound && primitive < NvSciSyncAttrValPrimitiveType_UpperBound;
}
constexpr Legal kPrimitive{"a primitive type, none twice", is_primitive, is_primitive, false};
constexpr Legal kSlotCount{"0 or the slots of an object", [](const void* element) {
                               const auto count = load<std::uint32_t>(element);
                               return count == 0 || count == kSlots;
                           }};
constexpr Legal kGreatest{"the greatest number of 32 or of 64 bits", [](const void* element) {
                              const auto greatest = load<std::uint64_t>(element);
                              return greatest == UINT32_MAX || greatest == UINT64_MAX;
                          }};
constexpr Legal kDomain{"system or video memory", [](const void* element) {
                            return load<std::uint32_t>(element) <= static_cast<std::uint32_t>(memory::Domain::video);
                        }};

bool merge_permissions(const Key& key, std::span<const Ask> asks, Slot& out) {
    std::uint64_t all = 0;
    for (const Ask& ask : asks)
        all |= load<std::uint64_t>(ask.value.data());
    out.put(key, std::as_bytes(std::span(&all, 1)));
    return true;
}

bool grants_permission(const Key& key, const Slot& reconciled, const CheckedWishes& unreconciled) {
    const auto granted = reconciled.scalar<std::uint64_t>(NvSciSyncAttrKey_ActualPerm).value_or(0);
    const auto wanted = unreconciled.scalar<std::uint64_t>(key.number).value_or(0);
    return (wanted & ~granted) == 0;
}

// The chosen primitive is one of those that the other list names, if it names any.
bool offers_primitive(const Key& key, const Slot& reconciled, const CheckedWishes& unreconciled) {
    const auto offered = unreconciled.elements<std::uint32_t>(key.number);
    const auto chosen = reconciled.required<std::uint32_t>(key.number);
    return offered.empty() || std::find(offered.begin(), offered.end(), chosen) != offered.end();
}

// Timestamps are for lists that wait with the CPU (nvscisync.md 5.2); others ask in vain.
bool grants_timestamps(const Key& key, const Slot& reconciled, const CheckedWishes& unreconciled) {
    const auto is_true = [&](std::uint32_t number) { return unreconciled.scalar<bool>(number).value_or(false); };
    const auto permission = unreconciled.scalar<std::uint64_t>(NvSciSyncAttrKey_RequiredPerm).value_or(0);
    const bool counts = is_true(key.number) && is_true(NvSciSyncAttrKey_NeedCpuAccess) &&
                        (permission & NvSciSyncAccessPerm_WaitOnly) != 0;
    return !counts || reconciled.scalar<bool>(key.number).value_or(false);
}

constexpr attr::MergeRule kAllPermissions{"all permissions", "the permissions of all lists together",
                                          merge_permissions};
constexpr attr::CheckRule kPermissionGranted{"permission granted", "ActualPerm has all that was asked",
                                             grants_permission, NvSciSyncAttrKey_ActualPerm};
constexpr attr::CheckRule kTimestampsGranted{
    "timestamps granted", "if a list that waits with the CPU asks true, the result is true", grants_timestamps};
constexpr attr::CheckRule kPrimitiveOffered{
    "primitive offered", "the chosen primitive is one of those that were asked, if any were", offers_primitive};

// Columns that many rows share.
constexpr auto kOut = Direction::out;
constexpr auto kInOut = Direction::in_out;
constexpr auto kInternal = Direction::internal;
constexpr auto kMandatory = Presence::mandatory;
constexpr auto kOptional = Presence::optional;
constexpr auto kOutput = Presence::output;
constexpr bool kMayBeAbsent = true;
constexpr std::uint16_t kMaxPrimitives = 5;
constexpr std::uint16_t kMaxGpus = 16;
constexpr std::uint16_t kMaxPeers = 128;
using attr::check::implies;
using attr::check::superset;
using attr::merge::logical_or;
using attr::merge::set_union;
constexpr const attr::CheckRule& kImpliesOwn = attr::check::implies_for_own_lists;

#define SYNC(name) NvSciSyncAttrKey_##name, "NvSciSyncAttrKey_" #name

// clang-format off
constexpr std::array kKeys{
    // number and name                         type                   count           direction  presence    legal         merge             check
    Key{SYNC(NeedCpuAccess),                   &value::boolean,       1,              kInOut,    kOptional,  &kBool,       &logical_or,      &kImpliesOwn},
    Key{SYNC(RequiredPerm),                    &kPermissionType,      1,              kInOut,    kMandatory, &kPermission, &kAllPermissions, &kPermissionGranted},
    Key{SYNC(ActualPerm),                      &kPermissionType,      1,              kOut,      kOutput,    &kPermission, nullptr,          nullptr},
    Key{SYNC(WaiterContextInsensitiveFenceExports), &value::boolean,  1,              kInOut,    kOptional,  &kBool,       &logical_or,      &implies},
    Key{SYNC(WaiterRequireTimestamps),         &value::boolean,       1,              kInOut,    kOptional,  &kBool,       nullptr,          &kTimestampsGranted},
    Key{SYNC(RequireDeterministicFences),      &value::boolean,       1,              kInOut,    kOptional,  &kBool,       &logical_or,      &implies},
    Key{SYNC(NumTimestampSlots),               &value::uint32,        1,              kOut,      kOutput,    &kSlotCount,  nullptr,          nullptr},
    Key{SYNC(NumTaskStatusSlots),              &value::uint32,        1,              kOut,      kOutput,    &kSlotCount,  nullptr,          nullptr},
    Key{SYNC(MaxPrimitiveValue),               &value::uint64,        1,              kOut,      kOutput,    &kGreatest,   nullptr,          nullptr},
    Key{SYNC(PrimitiveInfo),                   &kPrimitiveType,       kMaxPrimitives, kInOut,    kOptional,  &kPrimitive,  nullptr,          &kPrimitiveOffered},
    Key{SYNC(PeerLocationInfo),                &value::peer_location, kMaxPeers,      kInOut,    kOptional,  &kAny,        &set_union,       &superset, kMayBeAbsent},
    Key{SYNC(GpuId),                           &value::gpu_id,        kMaxGpus,       kInOut,    kOptional,  &kAny,        &set_union,       &superset, kMayBeAbsent},
    Key{SYNC(PeerHwEngineArray),               &value::peer_engine,   kMaxPeers,      kInOut,    kOptional,  &kAny,        &set_union,       &superset, kMayBeAbsent},

    Key{kPayloadDomain, "PayloadDomain",       &kDomainType,          1,              kInternal, kOutput,    &kDomain,     nullptr,          nullptr, kMayBeAbsent},
    Key{kPayloadGpu, "PayloadGpu",             &value::gpu_id,        1,              kInternal, kOutput,    &kAny,        nullptr,          nullptr, kMayBeAbsent},
    Key{kCpuSignaler, "CpuSignaler",           &value::boolean,       1,              kInternal, kOutput,    &kBool,       nullptr,          nullptr},
    Key{kStreamSignaler, "StreamSignaler",     &value::boolean,       1,              kInternal, kOutput,    &kBool,       nullptr,          nullptr},
    Key{kStreamWaiter, "StreamWaiter",         &value::boolean,       1,              kInternal, kOutput,    &kBool,       nullptr,          nullptr},
    Key{kVulkanSignaler, "VulkanSignaler",     &value::boolean,       1,              kInternal, kOutput,    &kBool,       nullptr,          nullptr, kMayBeAbsent},
    Key{kVulkanWaiter, "VulkanWaiter",         &value::boolean,       1,              kInternal, kOutput,    &kBool,       nullptr,          nullptr, kMayBeAbsent},
    Key{kVulkanParticipant, "VulkanParticipant", &value::boolean,     1,              kInternal, kOptional,  &kBool,       nullptr,          nullptr, kMayBeAbsent},
    Key{kVulkanGpu, "VulkanGpu",               &value::gpu_id,        1,              kInternal, kOutput,    &kAny,        nullptr,          nullptr, kMayBeAbsent},
    Key{kVulkanRelay, "VulkanRelay",           &value::boolean,       1,              kInternal, kOutput,    &kBool,       nullptr,          nullptr, kMayBeAbsent},
};
// clang-format on

}  // namespace

const attr::Schema& schema() {
    static const attr::Schema schema(kKeys, attr::ListRules{.checks_values_when_set = false,
                                                            .reads_outputs_of_any_list = true,
                                                            .writes_clones_of_several_slots = true,
                                                            .copies_without_selector = true});
    return schema;
}

}  // namespace opennvsci::sync
