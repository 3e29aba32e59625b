// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include <algorithm>
#include <ostream>

#include "device.h"

namespace opennvsci::test {
namespace {

bool reaches(GpuNumber user, GpuNumber owner) {
    if (user == owner) return true;
    const auto& devices = TestDevice::instance().driver().devices;
    int can_access = 0;
    TestDevice::instance().cuda().cuDeviceCanAccessPeer(&can_access, devices[static_cast<std::size_t>(user)].handle,
                                                        devices[static_cast<std::size_t>(owner)].handle);
    return can_access != 0;
}

bool compresses(GpuNumber gpu) {
    const auto& driver = TestDevice::instance().driver();
    return driver.devices[static_cast<std::size_t>(gpu)].grants_compression(driver);
}

bool exists(GpuNumber gpu) {
    return gpu >= 0 && static_cast<std::size_t>(gpu) < TestDevice::instance().driver().devices.size();
}

template <class T>
void add_all(std::set<T>& set, const std::optional<std::vector<T>>& values) {
    if (values) set.insert(values->begin(), values->end());
}

// Everything that one participant after the other adds up to.
struct Sum {
    std::set<NvSciBufType> types;
    std::set<GpuNumber> gpus;
    std::set<GpuNumber> video_memory;
    std::set<std::pair<GpuNumber, bool>> gpu_cache;
    std::set<GpuNumber> compression;
    std::set<std::uint64_t> sizes;
    std::set<std::uint64_t> aligns;
    bool cpu = false;
};

Sum sum_of(const std::vector<Wishes>& participants) {
    Sum sum;
    for (const Wishes& wishes : participants) {
        add_all(sum.types, wishes.types);
        add_all(sum.gpus, wishes.gpus);
        add_all(sum.gpu_cache, wishes.gpu_cache);
        add_all(sum.compression, wishes.compression);
        if (wishes.video_memory) sum.video_memory.insert(*wishes.video_memory);
        if (wishes.size) sum.sizes.insert(*wishes.size);
        if (wishes.align) sum.aligns.insert(*wishes.align);
        sum.cpu = sum.cpu || wishes.cpu.value_or(false);
    }
    return sum;
}

// nvscibuf.md 4.2 (Types), nvscibuf.md 4.3 and 6.4.
void check_type_and_size(const Sum& sum, std::set<NvSciError>& failures) {
    using Types = std::set<NvSciBufType>;
    if (sum.types.empty()) {
        failures.insert(kBadParameter);
        return;
    }
    const bool one_buffer = sum.types.size() == 1 || sum.types == Types{NvSciBufType_Image, NvSciBufType_Tensor} ||
                            sum.types == Types{NvSciBufType_Image, NvSciBufType_Pyramid};
    if (!one_buffer) failures.insert(kReconciliationFailed);
    // No participant here sets a key of another type, and each of them has mandatory ones.
    if (one_buffer && !sum.types.contains(NvSciBufType_RawBuffer)) failures.insert(kBadParameter);
    if (!sum.types.contains(NvSciBufType_RawBuffer)) return;
    if (sum.sizes.empty()) failures.insert(kBadParameter);
    if (sum.sizes.size() > 1) failures.insert(kReconciliationFailed);
    if (sum.sizes.contains(~std::uint64_t{0})) failures.insert(kOverflow);
}

void check_gpus(const Sum& sum, std::set<NvSciError>& failures) {
    for (const std::set<GpuNumber>& named : {sum.gpus, sum.video_memory}) {
        if (!std::all_of(named.begin(), named.end(), exists)) failures.insert(kBadParameter);
    }
    if (sum.video_memory.size() > 1) failures.insert(kReconciliationFailed);
    if (!sum.video_memory.empty() && sum.cpu) failures.insert(kNotSupported);
    for (const GpuNumber owner : sum.video_memory) {
        for (const GpuNumber user : sum.gpus) {
            if (exists(owner) && exists(user) && !reaches(user, owner)) failures.insert(kNotSupported);
        }
    }
    const auto takes_part = [&](GpuNumber gpu) { return sum.gpus.contains(gpu); };
    const bool all_take_part =
        std::all_of(sum.compression.begin(), sum.compression.end(), takes_part) &&
        std::all_of(sum.gpu_cache.begin(), sum.gpu_cache.end(), [&](const auto& e) { return takes_part(e.first); });
    if (!all_take_part) failures.insert(kReconciliationFailed);
}

// nvscibuf.md 8 rule 21: asked for; else one GPU and nothing that only system memory can do; else system memory.
bool in_video_memory(const Sum& sum) {
    if (!sum.video_memory.empty()) return true;
    const bool uncached_asked =
        std::any_of(sum.gpu_cache.begin(), sum.gpu_cache.end(), [](const auto& e) { return !e.second; });
    return sum.gpus.size() == 1 && !sum.cpu && !uncached_asked;
}

// Compression needs one GPU, its own video memory, and that only this one asks.
std::optional<GpuNumber> compressing_gpu(const Sum& sum) {
    if (sum.compression.size() != 1 || sum.gpus != sum.compression || !in_video_memory(sum)) return std::nullopt;
    const GpuNumber gpu = *sum.compression.begin();
    if (!sum.video_memory.empty() && !sum.video_memory.contains(gpu)) return std::nullopt;
    return compresses(gpu) ? std::optional(gpu) : std::nullopt;
}

std::uint64_t merged_align(const std::set<std::uint64_t>& aligns) {
    if (aligns == std::set<std::uint64_t>{0}) return 0;
    return aligns.empty() ? 4096 : std::max<std::uint64_t>(*aligns.rbegin(), 4096);
}

std::set<GpuNumber> numbers(const std::vector<NvSciRmGpuId>& ids) {
    std::set<GpuNumber> found;
    for (const NvSciRmGpuId& id : ids) {
        const NvSciRmGpuId none{};
        if (std::memcmp(id.bytes, none.bytes, sizeof(id.bytes)) != 0) found.insert(gpu_number(id));
    }
    return found;
}

template <class T>
T only(const std::vector<T>& values) {
    RC_ASSERT(values.size() == 1U);
    return values.front();
}

}  // namespace

Prediction predict(const std::vector<Wishes>& participants) {
    const Sum sum = sum_of(participants);
    Prediction prediction;
    std::set<NvSciError>& failures = prediction.failures;
    check_type_and_size(sum, failures);
    check_gpus(sum, failures);
    const bool video = in_video_memory(sum);
    // A discrete GPU caches its video memory and nothing else; asking otherwise fails.
    for (const auto& [gpu, cached] : sum.gpu_cache) {
        if (cached != video) failures.insert(kReconciliationFailed);
    }
    if (!failures.empty()) return prediction;

    Outcome& outcome = prediction.outcome;
    outcome.types = sum.types;
    outcome.cpu = sum.cpu;
    outcome.gpus = sum.gpus;
    if (!sum.video_memory.empty()) outcome.video_memory = *sum.video_memory.begin();
    const auto compressed = compressing_gpu(sum);
    for (const GpuNumber gpu : sum.gpus) {
        outcome.gpu_cache.insert({gpu, video});
        outcome.software_coherency.insert({gpu, false});
        outcome.compression.insert({gpu, gpu == compressed});
    }
    outcome.size = *sum.sizes.begin();
    outcome.align = merged_align(sum.aligns);
    for (const Wishes& wishes : participants) {
        outcome.permission = std::max(outcome.permission, wishes.permission.value_or(NvSciBufAccessPerm_Readonly));
        outcome.cpu_cache = outcome.cpu_cache || wishes.cpu_cache.value_or(false);
        add_all(outcome.peers, wishes.peers);
        add_all(outcome.engines, wishes.engines);
    }
    return prediction;
}

Outcome read_outcome(NvSciBufAttrList list) {
    Outcome outcome;
    for (const NvSciBufType type : get<NvSciBufType>(list, NvSciBufGeneralAttrKey_Types))
        outcome.types.insert(type);
    outcome.cpu = only(get<unsigned char>(list, NvSciBufGeneralAttrKey_NeedCpuAccess)) != 0;
    outcome.permission = only(get<NvSciBufAttrValAccessPerm>(list, NvSciBufGeneralAttrKey_ActualPerm));
    outcome.cpu_cache = only(get<unsigned char>(list, NvSciBufGeneralAttrKey_EnableCpuCache)) != 0;
    outcome.gpus = numbers(get<NvSciRmGpuId>(list, NvSciBufGeneralAttrKey_GpuId));
    const auto owner = numbers(get<NvSciRmGpuId>(list, NvSciBufGeneralAttrKey_VidMem_GpuId));
    if (!owner.empty()) outcome.video_memory = *owner.begin();
    for (const auto& element : get<NvSciBufAttrValGpuCache>(list, NvSciBufGeneralAttrKey_EnableGpuCache))
        outcome.gpu_cache.insert({gpu_number(element.gpuId), element.cacheability});
    for (const auto& element : get<NvSciBufAttrValGpuCache>(list, NvSciBufGeneralAttrKey_GpuSwNeedCacheCoherency))
        outcome.software_coherency.insert({gpu_number(element.gpuId), element.cacheability});
    for (const auto& element : get<NvSciBufAttrValGpuCompression>(list, NvSciBufGeneralAttrKey_EnableGpuCompression)) {
        const bool compressed = element.compressionType == NvSciBufCompressionType_GenericCompressible;
        outcome.compression.insert({gpu_number(element.gpuId), compressed});
    }
    for (const auto& element : get<NvSciBufPeerLocationInfo>(list, NvSciBufGeneralAttrKey_PeerLocationInfo))
        outcome.peers.insert(std::uint32_t{element.socID});
    for (const auto& element : get<NvSciBufPeerHwEngine>(list, NvSciBufGeneralAttrKey_PeerHwEngineArray))
        outcome.engines.insert(static_cast<std::uint32_t>(element.platName));
    outcome.size = only(get<std::uint64_t>(list, NvSciBufRawBufferAttrKey_Size));
    outcome.align = only(get<std::uint64_t>(list, NvSciBufRawBufferAttrKey_Align));
    return outcome;
}

bool satisfies(const Outcome& outcome, const Wishes& wishes) {
    const auto contains_all = [](const auto& set, const auto& values) {
        return !values || std::all_of(values->begin(), values->end(), [&](const auto& v) { return set.contains(v); });
    };
    return contains_all(outcome.types, wishes.types) && (outcome.cpu || !wishes.cpu.value_or(false)) &&
           outcome.permission >= wishes.permission.value_or(NvSciBufAccessPerm_Readonly) &&
           (outcome.cpu_cache || !wishes.cpu_cache.value_or(false)) && contains_all(outcome.gpus, wishes.gpus) &&
           (!wishes.video_memory || outcome.video_memory == wishes.video_memory) &&
           contains_all(outcome.gpu_cache, wishes.gpu_cache) && contains_all(outcome.peers, wishes.peers) &&
           contains_all(outcome.engines, wishes.engines) && (!wishes.size || outcome.size == *wishes.size) &&
           outcome.align >= wishes.align.value_or(0);
}

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
    stream << "types " << rc::toString(std::vector<int>(outcome.types.begin(), outcome.types.end())) << " cpu "
           << outcome.cpu << " permission " << static_cast<int>(outcome.permission) << " cpu_cache "
           << outcome.cpu_cache << " gpus " << rc::toString(outcome.gpus) << " video_memory "
           << (outcome.video_memory ? *outcome.video_memory : -1) << " gpu_cache " << rc::toString(outcome.gpu_cache)
           << " coherency " << rc::toString(outcome.software_coherency) << " compression "
           << rc::toString(outcome.compression) << " peers " << rc::toString(outcome.peers) << " engines "
           << rc::toString(outcome.engines) << " size " << outcome.size << " align " << outcome.align;
    return stream;
}

}  // namespace opennvsci::test
