// SPDX-License-Identifier: Apache-2.0
#include "sync_wishes.h"

#include <algorithm>
#include <numeric>
#include <ostream>

#include "generators.h"

namespace opennvsci::test {
namespace {

constexpr GpuNumber kFirstUnknownGpu = 2;

using PrimitiveTypes = std::vector<std::uint32_t>;

// Mostly what discrete GPUs have, often with types that they do not have beside, seldom an illegal list.
rc::Gen<PrimitiveTypes> any_primitives() {
    return rc::gen::weightedElement<PrimitiveTypes>({{6, {2, 4}},
                                                     {6, {4, 2}},
                                                     {6, {1, 2, 4}},
                                                     {6, {2}},
                                                     {6, {4}},
                                                     {4, {1, 2}},
                                                     {4, {5, 3, 4}},
                                                     {4, {5, 4, 3, 2, 1}},
                                                     {1, {1}},
                                                     {1, {3, 5}},
                                                     {1, {4, 4}},
                                                     {1, {0, 4}},
                                                     {1, {6}}});
}

rc::Gen<std::vector<GpuNumber>> few_gpus() {
    return some(3, rc::gen::weightedElement<GpuNumber>({{12, 0}, {6, 1}, {2, kFirstUnknownGpu}}));
}

// So many that two such participants together are more than a key holds.
rc::Gen<std::vector<GpuNumber>> crowd_of_gpus() {
    return rc::gen::map(rc::gen::inRange<GpuNumber>(0, 4), [](GpuNumber crowd) {
        std::vector<GpuNumber> gpus(9);
        std::iota(gpus.begin(), gpus.end(), kFirstUnknownGpu + 9 * crowd);
        return gpus;
    });
}

rc::Gen<std::vector<std::uint32_t>> few_numbers() {
    return some(3, rc::gen::inRange<std::uint32_t>(0, 4));
}

rc::Gen<std::optional<bool>> any_wish() {
    return maybe(40, rc::gen::arbitrary<bool>());
}

template <class T>
void set_sync_key(NvSciSyncAttrList list, NvSciSyncAttrKey key, const std::vector<T>& values) {
    const NvSciSyncAttrKeyValuePair pair{key, values.data(), values.size() * sizeof(T)};
    RC_ASSERT(NvSciSyncAttrListSetAttrs(list, &pair, 1) == kSuccess);
}

void set_sync_flag(NvSciSyncAttrList list, NvSciSyncAttrKey key, std::optional<bool> value) {
    if (value) RC_ASSERT(set(list, key, *value) == kSuccess);
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const SyncWishes& wishes) {
    stream << '{';
    show_wish(stream, "permission", wishes.permission);
    show_wish(stream, "cpu", wishes.cpu);
    show_wish(stream, "context_insensitive", wishes.context_insensitive);
    show_wish(stream, "timestamps", wishes.timestamps);
    show_wish(stream, "deterministic", wishes.deterministic);
    show_wish(stream, "primitives", wishes.primitives);
    show_wish(stream, "peers", wishes.peers);
    show_wish(stream, "gpus", wishes.gpus);
    show_wish(stream, "engines", wishes.engines);
    return stream << " }";
}

rc::Gen<SyncWishes> any_sync_wishes() {
    const auto permission = rc::gen::weightedElement<NvSciSyncAccessPerm>({{48, NvSciSyncAccessPerm_WaitOnly},
                                                                           {20, NvSciSyncAccessPerm_SignalOnly},
                                                                           {10, NvSciSyncAccessPerm_WaitSignal},
                                                                           {1, 0},
                                                                           {1, 4},
                                                                           {1, NvSciSyncAccessPerm_Auto}});
    const auto gpus = rc::gen::weightedOneOf<std::vector<GpuNumber>>({{7, few_gpus()}, {1, crowd_of_gpus()}});
    return rc::gen::build<SyncWishes>(
        rc::gen::set(&SyncWishes::permission, maybe(98, permission)), rc::gen::set(&SyncWishes::cpu, any_wish()),
        rc::gen::set(&SyncWishes::context_insensitive, any_wish()), rc::gen::set(&SyncWishes::timestamps, any_wish()),
        rc::gen::set(&SyncWishes::deterministic, any_wish()),
        rc::gen::set(&SyncWishes::primitives, maybe(40, any_primitives())),
        rc::gen::set(&SyncWishes::peers, maybe(20, few_numbers())), rc::gen::set(&SyncWishes::gpus, maybe(50, gpus)),
        rc::gen::set(&SyncWishes::engines, maybe(20, few_numbers())));
}

rc::Gen<std::vector<SyncWishes>> any_sync_participants() {
    return some(6, any_sync_wishes());
}

rc::Gen<SyncWishes> fitting_waiter() {
    const auto primitives =
        rc::gen::elementOf(std::vector<PrimitiveTypes>{{2}, {2, 4}, {4, 2}, {1, 2, 4}, {3, 4, 2, 5, 1}});
    return rc::gen::map(
        rc::gen::tuple(any_sync_wishes(), maybe(40, primitives), maybe(50, few_gpus())),
        [](std::tuple<SyncWishes, std::optional<PrimitiveTypes>, std::optional<std::vector<GpuNumber>>> replaced) {
            SyncWishes wishes = std::get<0>(std::move(replaced));
            wishes.permission = NvSciSyncAccessPerm_WaitOnly;
            wishes.primitives = std::get<1>(std::move(replaced));
            wishes.gpus = std::get<2>(std::move(replaced));
            return wishes;
        });
}

rc::Gen<std::vector<SyncWishes>> fitting_sync_participants() {
    return rc::gen::map(
        rc::gen::tuple(some(6, fitting_waiter()), rc::gen::inRange<std::size_t>(0, 6), rc::gen::arbitrary<bool>()),
        [](std::tuple<std::vector<SyncWishes>, std::size_t, bool> parts) {
            auto& [wishes, place, also_waits] = parts;
            SyncWishes& signaler = wishes[place % wishes.size()];
            signaler.permission =
                also_waits || wishes.size() == 1 ? NvSciSyncAccessPerm_WaitSignal : NvSciSyncAccessPerm_SignalOnly;
            if (!signaler.gpus) signaler.cpu = true;
            return wishes;
        });
}

NvSciRmGpuId sync_gpu_id(GpuNumber number) {
    NvSciRmGpuId id = gpu_id(number);
    if (number >= kFirstUnknownGpu) id.bytes[0] = static_cast<std::uint8_t>(number);
    return id;
}

GpuNumber sync_gpu_number(const NvSciRmGpuId& id) {
    const GpuNumber known = gpu_number(id);
    return known == kNoSuchGpu ? GpuNumber{id.bytes[0]} : known;
}

SyncList make_sync_list(NvSciSyncModule module, const SyncWishes& wishes) {
    SyncList list = create_sync_list(module);
    if (wishes.permission) {
        RC_ASSERT(set(list, NvSciSyncAttrKey_RequiredPerm, *wishes.permission) == kSuccess);
    }
    set_sync_flag(list, NvSciSyncAttrKey_NeedCpuAccess, wishes.cpu);
    set_sync_flag(list, NvSciSyncAttrKey_WaiterContextInsensitiveFenceExports, wishes.context_insensitive);
    set_sync_flag(list, NvSciSyncAttrKey_WaiterRequireTimestamps, wishes.timestamps);
    set_sync_flag(list, NvSciSyncAttrKey_RequireDeterministicFences, wishes.deterministic);
    if (wishes.primitives) set_sync_key(list, NvSciSyncAttrKey_PrimitiveInfo, *wishes.primitives);
    if (wishes.peers) {
        std::vector<NvSciBufPeerLocationInfo> elements;
        for (const std::uint32_t soc : *wishes.peers)
            elements.push_back({soc, 0, 0});
        set_sync_key(list, NvSciSyncAttrKey_PeerLocationInfo, elements);
    }
    if (wishes.gpus) {
        std::vector<NvSciRmGpuId> elements;
        for (const GpuNumber gpu : *wishes.gpus)
            elements.push_back(sync_gpu_id(gpu));
        set_sync_key(list, NvSciSyncAttrKey_GpuId, elements);
    }
    if (wishes.engines) {
        std::vector<NvSciBufPeerHwEngine> elements;
        for (const std::uint32_t platform : *wishes.engines)
            elements.push_back({NvSciBufHwEngName_Gpu, static_cast<NvSciBufPlatformName>(platform)});
        set_sync_key(list, NvSciSyncAttrKey_PeerHwEngineArray, elements);
    }
    return list;
}

}  // namespace opennvsci::test
