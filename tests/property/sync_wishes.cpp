// SPDX-License-Identifier: Apache-2.0
#include "sync_wishes.h"

#include <algorithm>
#include <numeric>
#include <ostream>
#include <tuple>

#include "attributes.h"
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

SyncList make_list(NvSciSyncModule module, const SyncWishes& wishes) {
    return AttributesOf<NvSciSyncAttrKey>()
        .with(NvSciSyncAttrKey_RequiredPerm, wishes.permission)
        .with(NvSciSyncAttrKey_NeedCpuAccess, wishes.cpu)
        .with(NvSciSyncAttrKey_WaiterContextInsensitiveFenceExports, wishes.context_insensitive)
        .with(NvSciSyncAttrKey_WaiterRequireTimestamps, wishes.timestamps)
        .with(NvSciSyncAttrKey_RequireDeterministicFences, wishes.deterministic)
        .with(NvSciSyncAttrKey_PrimitiveInfo, wishes.primitives)
        .with(NvSciSyncAttrKey_PeerLocationInfo, each(wishes.peers, peer_on_soc))
        .with(NvSciSyncAttrKey_GpuId, each(wishes.gpus, sync_gpu_id))
        .with(NvSciSyncAttrKey_PeerHwEngineArray, each(wishes.engines, engine_of_platform))
        .list(module);
}

}  // namespace opennvsci::test
