// SPDX-License-Identifier: Apache-2.0
#include "sync_model.h"

#include <algorithm>
#include <ostream>

namespace opennvsci::test {
namespace {

constexpr std::size_t kMostGpus = 16;  // nvscisync.md 5.2

bool has_legal_values(const SyncWishes& wishes) {
    const NvSciSyncAccessPerm permission = wishes.permission.value_or(0);
    if (permission < 1 || permission > 3) return false;
    if (!wishes.primitives) return true;
    const std::set<std::uint32_t> distinct(wishes.primitives->begin(), wishes.primitives->end());
    return distinct.size() == wishes.primitives->size() && *distinct.begin() >= 1 && *distinct.rbegin() <= 5;
}

bool takes_primitive(const SyncWishes& wishes, std::uint32_t primitive) {
    if (!wishes.primitives) return true;
    return std::find(wishes.primitives->begin(), wishes.primitives->end(), primitive) != wishes.primitives->end();
}

// nvscisync.md 6.2. 0 if there is none.
std::uint32_t best_primitive(const std::vector<SyncWishes>& participants) {
    for (const std::uint32_t primitive :
         {NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b, NvSciSyncAttrValPrimitiveType_SysmemSemaphore}) {
        if (std::all_of(participants.begin(), participants.end(),
                        [&](const SyncWishes& wishes) { return takes_primitive(wishes, primitive); })) {
            return primitive;
        }
    }
    return 0;
}

template <class T>
void join(std::set<T>& set, const std::optional<std::vector<T>>& values) {
    if (values) set.insert(values->begin(), values->end());
}

template <class T>
bool has_all(const std::set<T>& set, const std::optional<std::vector<T>>& values) {
    return !values || std::all_of(values->begin(), values->end(), [&](T value) { return set.contains(value); });
}

template <class T>
T single(NvSciSyncAttrList list, NvSciSyncAttrKey key) {
    const auto values = get<T>(list, key);
    RC_ASSERT(values.size() == 1U);
    return values.front();
}

bool single_flag(NvSciSyncAttrList list, NvSciSyncAttrKey key) {
    const auto byte = single<std::uint8_t>(list, key);
    RC_ASSERT(byte <= 1U);
    return byte != 0;
}

// The elements of an array key by what `number` says of them; none may occur twice.
template <class Element, class Number>
auto numbered(NvSciSyncAttrList list, NvSciSyncAttrKey key, Number number) {
    std::set<decltype(number(Element{}))> found;
    for (const Element& element : get<Element>(list, key))
        RC_ASSERT(found.insert(number(element)).second);
    return found;
}

}  // namespace

SyncPrediction predict_sync(const std::vector<SyncWishes>& participants) {
    SyncPrediction prediction;
    SyncContent& content = prediction.content;
    const SyncWishes* signaler = nullptr;
    std::size_t signalers = 0;
    bool somebody_waits = false;
    for (const SyncWishes& wishes : participants) {
        if (!has_legal_values(wishes)) return {{kBadParameter}, {}};
        if (wishes.signals()) {
            ++signalers;
            signaler = &wishes;
        }
        somebody_waits = somebody_waits || wishes.waits();
        content.cpu = content.cpu || wishes.has_cpu();
        content.required_permission |= *wishes.permission;
        content.context_insensitive = content.context_insensitive || wishes.context_insensitive.value_or(false);
        content.deterministic = content.deterministic || wishes.deterministic.value_or(false);
        if (wishes.timestamps.value_or(false) && wishes.waits() && wishes.has_cpu()) content.timestamps = true;
        join(content.peers, wishes.peers);
        join(content.gpus, wishes.gpus);
        join(content.engines, wishes.engines);
    }
    if (signalers != 1 || !somebody_waits) return {{kReconciliationFailed}, {}};
    content.primitive = best_primitive(participants);
    if (content.primitive == 0) prediction.failures.insert(kUnsupportedConfig);
    // The primitive is chosen before timestamps are looked at; the reference does not say when lengths are.
    const bool has_clock = signaler->has_cpu() || signaler->gpus;
    if (content.primitive != 0 && content.timestamps && !has_clock) {
        prediction.failures.insert(kReconciliationFailed);
    }
    if (content.gpus.size() > kMostGpus) prediction.failures.insert(kReconciliationFailed);

    content.actual_permission = NvSciSyncAccessPerm_WaitSignal;
    content.timestamp_slots = content.timestamps ? 1024 : 0;
    content.task_status_slots = 1024;
    const bool is_64_bit = content.primitive == NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b;
    content.max_value = is_64_bit ? UINT64_MAX : UINT32_MAX;
    return prediction;
}

SyncContent read_sync_content(NvSciSyncAttrList list) {
    SyncContent content;
    content.cpu = single_flag(list, NvSciSyncAttrKey_NeedCpuAccess);
    content.required_permission = single<NvSciSyncAccessPerm>(list, NvSciSyncAttrKey_RequiredPerm);
    content.actual_permission = single<NvSciSyncAccessPerm>(list, NvSciSyncAttrKey_ActualPerm);
    content.context_insensitive = single_flag(list, NvSciSyncAttrKey_WaiterContextInsensitiveFenceExports);
    content.timestamps = single_flag(list, NvSciSyncAttrKey_WaiterRequireTimestamps);
    content.deterministic = single_flag(list, NvSciSyncAttrKey_RequireDeterministicFences);
    content.timestamp_slots = single<std::uint32_t>(list, NvSciSyncAttrKey_NumTimestampSlots);
    content.task_status_slots = single<std::uint32_t>(list, NvSciSyncAttrKey_NumTaskStatusSlots);
    content.max_value = single<std::uint64_t>(list, NvSciSyncAttrKey_MaxPrimitiveValue);
    content.primitive = single<std::uint32_t>(list, NvSciSyncAttrKey_PrimitiveInfo);
    content.peers = numbered<NvSciBufPeerLocationInfo>(
        list, NvSciSyncAttrKey_PeerLocationInfo,
        [](const NvSciBufPeerLocationInfo& peer) { return std::uint32_t{peer.socID}; });
    content.gpus = numbered<NvSciRmGpuId>(list, NvSciSyncAttrKey_GpuId, sync_gpu_number);
    content.engines = numbered<NvSciBufPeerHwEngine>(
        list, NvSciSyncAttrKey_PeerHwEngineArray,
        [](const NvSciBufPeerHwEngine& engine) { return static_cast<std::uint32_t>(engine.platName); });
    return content;
}

bool satisfies(const SyncContent& content, const SyncWishes& wishes) {
    const auto grants = [](bool granted, const std::optional<bool>& wish) { return granted || !wish.value_or(false); };
    return (wishes.permission.value_or(0) & ~content.actual_permission) == 0 && grants(content.cpu, wishes.cpu) &&
           grants(content.context_insensitive, wishes.context_insensitive) &&
           (!wishes.waits() || !wishes.has_cpu() || grants(content.timestamps, wishes.timestamps)) &&
           grants(content.deterministic, wishes.deterministic) && takes_primitive(wishes, content.primitive) &&
           has_all(content.peers, wishes.peers) && has_all(content.gpus, wishes.gpus) &&
           has_all(content.engines, wishes.engines);
}

bool is_valid_for(const SyncContent& content, const std::vector<SyncWishes>& participants) {
    const bool cpu_is_asked = std::any_of(participants.begin(), participants.end(),
                                          [](const SyncWishes& wishes) { return wishes.has_cpu(); });
    return content.cpu == cpu_is_asked && std::all_of(participants.begin(), participants.end(), [&](SyncWishes one) {
               if (!one.permission) one.permission = NvSciSyncAccessPerm_WaitOnly;  // it need not ask for anything
               return has_legal_values(one) && satisfies(content, one);
           });
}

std::ostream& operator<<(std::ostream& stream, const SyncContent& content) {
    return stream << "cpu " << content.cpu << " required " << content.required_permission << " actual "
                  << content.actual_permission << " context_insensitive " << content.context_insensitive
                  << " timestamps " << content.timestamps << " deterministic " << content.deterministic
                  << " timestamp_slots " << content.timestamp_slots << " task_status_slots "
                  << content.task_status_slots << " max_value " << content.max_value << " primitive "
                  << content.primitive << " peers " << rc::toString(content.peers) << " gpus "
                  << rc::toString(content.gpus) << " engines " << rc::toString(content.engines);
}

}  // namespace opennvsci::test
