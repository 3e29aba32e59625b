// SPDX-License-Identifier: Apache-2.0
#include "wishes.h"

#include <ostream>

#include "attributes.h"
#include "device.h"
#include "generators.h"

namespace opennvsci::test {
namespace {

// Mostly the first device, seldom one that does not exist.
rc::Gen<GpuNumber> any_gpu() {
    return rc::gen::weightedElement<GpuNumber>({{16, 0}, {6, 1}, {1, kNoSuchGpu}});
}

rc::Gen<std::vector<NvSciBufType>> any_types(bool raw_only) {
    using Types = std::vector<NvSciBufType>;
    if (raw_only) return rc::gen::just(Types{NvSciBufType_RawBuffer});
    return rc::gen::weightedElement<Types>({{40, {NvSciBufType_RawBuffer}},
                                            {2, {NvSciBufType_RawBuffer, NvSciBufType_RawBuffer}},
                                            {1, {NvSciBufType_Image}},
                                            {1, {NvSciBufType_Tensor}},
                                            {1, {NvSciBufType_Image, NvSciBufType_Tensor}},
                                            {1, {NvSciBufType_RawBuffer, NvSciBufType_Image}}});
}

rc::Gen<std::pair<GpuNumber, bool>> any_cache() {
    return rc::gen::pair(any_gpu(), rc::gen::arbitrary<bool>());
}

rc::Gen<std::uint32_t> small_number() {
    return rc::gen::inRange<std::uint32_t>(0, 4);
}

bool is_raw(const Wishes& wishes) {
    return wishes.types && wishes.types->front() == NvSciBufType_RawBuffer;
}

// Size and Align can be set only where Types names RawBuffer.
Wishes legal(Wishes wishes) {
    if (!is_raw(wishes)) {
        wishes.size.reset();
        wishes.align.reset();
    }
    return wishes;
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const Wishes& wishes) {
    stream << '{';
    if (wishes.types)
        show_wish(stream, "types", std::optional(std::vector<int>(wishes.types->begin(), wishes.types->end())));
    show_wish(stream, "cpu", wishes.cpu);
    if (wishes.permission) show_wish(stream, "permission", std::optional<int>(*wishes.permission));
    show_wish(stream, "cpu_cache", wishes.cpu_cache);
    show_wish(stream, "gpus", wishes.gpus);
    show_wish(stream, "video_memory", wishes.video_memory);
    show_wish(stream, "gpu_cache", wishes.gpu_cache);
    show_wish(stream, "compression", wishes.compression);
    show_wish(stream, "peers", wishes.peers);
    show_wish(stream, "engines", wishes.engines);
    show_wish(stream, "size", wishes.size);
    show_wish(stream, "align", wishes.align);
    return stream << " }";
}

rc::Gen<Wishes> any_wishes(bool raw_only) {
    const auto number = [](int percent, std::initializer_list<std::pair<std::size_t, std::uint64_t>> values) {
        return maybe(percent, rc::gen::weightedElement<std::uint64_t>(values));
    };
    return rc::gen::map(
        rc::gen::build<Wishes>(
            rc::gen::set(&Wishes::types, maybe(raw_only ? 100 : 90, any_types(raw_only))),
            rc::gen::set(&Wishes::cpu, maybe(20, rc::gen::arbitrary<bool>())),
            rc::gen::set(&Wishes::permission,
                         maybe(40, rc::gen::element(NvSciBufAccessPerm_Readonly, NvSciBufAccessPerm_ReadWrite))),
            rc::gen::set(&Wishes::cpu_cache, maybe(30, rc::gen::arbitrary<bool>())),
            rc::gen::set(&Wishes::gpus, maybe(60, some(3, any_gpu()))),
            rc::gen::set(&Wishes::video_memory, maybe(15, any_gpu())),
            rc::gen::set(&Wishes::gpu_cache, maybe(15, some(2, any_cache()))),
            rc::gen::set(&Wishes::compression, maybe(25, some(2, any_gpu()))),
            rc::gen::set(&Wishes::peers, maybe(20, some(3, small_number()))),
            rc::gen::set(&Wishes::engines, maybe(20, some(3, small_number()))),
            rc::gen::set(&Wishes::size, number(50, {{12, 4096}, {2, 5000}, {1, ~std::uint64_t{0}}})),
            rc::gen::set(&Wishes::align, number(40, {{2, 0}, {2, 64}, {1, 4096}, {2, 8192}, {1, 1U << 22}}))),
        legal);
}

rc::Gen<Wishes> modest_wishes() {
    return rc::gen::map(any_wishes(true), [](Wishes wishes) {
        const auto replace_missing = [](std::vector<GpuNumber>& gpus) {
            for (GpuNumber& gpu : gpus)
                gpu = gpu == kNoSuchGpu ? 0 : gpu;
        };
        if (!wishes.gpus) wishes.gpus.emplace();
        wishes.gpus->push_back(0);  // so that every wish for GPU 0 names a GPU that takes part
        replace_missing(*wishes.gpus);
        wishes.video_memory.reset();
        wishes.gpu_cache.reset();
        if (wishes.compression) *wishes.compression = {0};
        wishes.size = 4096;
        return wishes;
    });
}

rc::Gen<std::vector<Wishes>> participants(const rc::Gen<Wishes>& one) {
    return some(6, one);
}

NvSciRmGpuId gpu_id(GpuNumber number) {
    const auto& devices = TestDevice::instance().driver().devices;
    const auto index = static_cast<std::size_t>(number);
    if (index < devices.size()) return id_of(devices[index]);
    NvSciRmGpuId id{};
    std::memset(id.bytes, 0xEE, sizeof(id.bytes));
    return id;
}

GpuNumber gpu_number(const NvSciRmGpuId& id) {
    for (const GpuNumber number : {0, 1}) {
        const NvSciRmGpuId known = gpu_id(number);
        if (std::memcmp(known.bytes, id.bytes, sizeof(id.bytes)) == 0) return number;
    }
    return kNoSuchGpu;
}

List make_list(NvSciBufModule module, const Wishes& wishes) {
    const auto cache = [](const std::pair<GpuNumber, bool>& of) {
        return NvSciBufAttrValGpuCache{gpu_id(of.first), of.second};
    };
    const auto compression = [](GpuNumber of) {
        return NvSciBufAttrValGpuCompression{gpu_id(of), NvSciBufCompressionType_GenericCompressible};
    };
    const auto video_memory = wishes.video_memory ? std::optional(gpu_id(*wishes.video_memory)) : std::nullopt;
    return Attributes()
        .with(NvSciBufGeneralAttrKey_Types, wishes.types)
        .with(NvSciBufGeneralAttrKey_NeedCpuAccess, wishes.cpu)
        .with(NvSciBufGeneralAttrKey_RequiredPerm, wishes.permission)
        .with(NvSciBufGeneralAttrKey_EnableCpuCache, wishes.cpu_cache)
        .with(NvSciBufGeneralAttrKey_GpuId, each(wishes.gpus, gpu_id))
        .with(NvSciBufGeneralAttrKey_VidMem_GpuId, video_memory)
        .with(NvSciBufGeneralAttrKey_EnableGpuCache, each(wishes.gpu_cache, cache))
        .with(NvSciBufGeneralAttrKey_EnableGpuCompression, each(wishes.compression, compression))
        .with(NvSciBufGeneralAttrKey_PeerLocationInfo, each(wishes.peers, peer_on_soc))
        .with(NvSciBufGeneralAttrKey_PeerHwEngineArray, each(wishes.engines, engine_of_platform))
        .with(NvSciBufRawBufferAttrKey_Size, wishes.size)
        .with(NvSciBufRawBufferAttrKey_Align, wishes.align)
        .list(module);
}

}  // namespace opennvsci::test
