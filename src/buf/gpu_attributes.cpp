// SPDX-License-Identifier: Apache-2.0
#include "buf/gpu_attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "buf/keys.h"

namespace opennvsci::buf {
namespace {

using attr::Negotiation;
using attr::Outcome;
using attr::Reason;
using attr::Suggestion;
using driver::Device;
using memory::Domain;

/// That a participant names one more GPU in GpuId.
attr::Change add_gpu(Negotiation& negotiation, std::uint32_t participant, const NvSciRmGpuId& id) {
    std::vector<NvSciRmGpuId> gpus;
    for (const attr::Ask& ask : negotiation.asks(NvSciBufGeneralAttrKey_GpuId)) {
        if (ask.participant != participant) continue;
        for (const auto& known : attr::elements<NvSciRmGpuId>(ask.value))
            gpus.push_back(known);
    }
    gpus.push_back(id);
    return Negotiation::ask_in(participant, NvSciBufGeneralAttrKey_GpuId, std::span<const NvSciRmGpuId>(gpus));
}

/// That everybody who asks for the cacheability of a GPU asks what `of(gpu)` says.
template <class Of>
std::vector<attr::Change> ask_cacheability(Negotiation& negotiation, const Participants& participants, Of&& of) {
    std::vector<attr::Change> changes;
    for (const attr::Ask& ask : negotiation.asks(NvSciBufGeneralAttrKey_EnableGpuCache)) {
        std::vector<NvSciBufAttrValGpuCache> wishes;
        bool is_changed = false;
        for (auto wish : attr::elements<NvSciBufAttrValGpuCache>(ask.value)) {
            const Gpu* const gpu = participants.find(wish.gpuId);
            if (gpu != nullptr && wish.cacheability != of(*gpu)) {
                wish.cacheability = !wish.cacheability;
                is_changed = true;
            }
            wishes.push_back(wish);
        }
        if (!is_changed) continue;
        changes.push_back(Negotiation::ask_in(ask.participant, NvSciBufGeneralAttrKey_EnableGpuCache,
                                              std::span<const NvSciBufAttrValGpuCache>(wishes)));
    }
    return changes;
}

/// Calls `take(ask, gpu, wish)`, which returns a Result<>, for every element of `key` that a list asks.
template <class Element, class Take>
Result<> for_each_wish(Negotiation& negotiation, std::uint32_t key, const Participants& participants, Take&& take) {
    for (const attr::Ask& ask : negotiation.asks(key)) {
        for (const Element& wish : attr::elements<Element>(ask.value)) {
            const Gpu* gpu = participants.find(wish.gpuId);
            if (gpu != nullptr) {
                OPENNVSCI_TRY(take(ask, *gpu, wish));
                continue;
            }
            return negotiation.refuse(key, NvSciError_ReconciliationFailed, Reason::unknown_gpu,
                                      fmt::format("{} names {}, which no list names in GpuId", negotiation.name_of(ask),
                                                  Uuid::from(wish.gpuId.bytes).text()),
                                      {fmt::format("add this GPU to GpuId in {}", negotiation.name_of(ask)),
                                       {add_gpu(negotiation, ask.participant, wish.gpuId)}});
        }
    }
    return {};
}

using Cacheability = std::vector<NvSciBufAttrValGpuCache>;

std::string names_asking_cache(Negotiation& negotiation, bool cacheability) {
    return negotiation.names_of(NvSciBufGeneralAttrKey_EnableGpuCache, [&](attr::Bytes value) {
        return std::ranges::any_of(attr::elements<NvSciBufAttrValGpuCache>(value),
                                   [&](const auto& wish) { return wish.cacheability == cacheability; });
    });
}

// That those whose wish cannot be had where the buffer is ask for what can.
Suggestion give_way(Negotiation& negotiation, const Placement& placement, bool cacheability, Suggestion otherwise) {
    return {fmt::format("ask {} in {}", cacheability, names_asking_cache(negotiation, !cacheability)),
            ask_cacheability(negotiation, placement.participants,
                             [&](const Gpu& each) { return each.device->is_integrated || cacheability; }),
            std::move(otherwise)};
}

tl::unexpected<Error> refuse_cacheability(Negotiation& negotiation, const Placement& placement, const std::string& name,
                                          const NvSciBufAttrValGpuCache& wish) {
    const bool is_video = placement.domain == Domain::video;
    Suggestion otherwise;
    if (is_video) {
        const auto asked = NvSciBufGeneralAttrKey_VidMem_GpuId;
        if (negotiation.is_asked(asked)) otherwise = negotiation.without(asked);
    } else if (!placement.participants.cpu && placement.participants.only_device() != nullptr) {
        otherwise = give_way(negotiation, placement, true, {});
    } else {
        otherwise = way_to_video_memory(negotiation, placement.participants);
    }
    return negotiation.refuse(
        NvSciBufGeneralAttrKey_EnableGpuCache, NvSciError_ReconciliationFailed, Reason::not_supported,
        fmt::format("{} asks {} for {}, but the buffer is in {}, which a discrete GPU {}: {}", name, wish.cacheability,
                    Uuid::from(wish.gpuId.bytes).text(), memory::domain_name(placement.domain),
                    is_video ? "always caches" : "never caches", negotiation.words(placement.reason)),
        give_way(negotiation, placement, is_video, std::move(otherwise)));
}

// A discrete GPU caches its video memory and does not cache system memory; the program cannot choose (nvscibuf.md 4.2).
// An integrated one caches, and one list that says false is enough for it not to.
Result<Cacheability> grant_cacheability(Negotiation& negotiation, const Placement& placement) {
    const auto key = NvSciBufGeneralAttrKey_EnableGpuCache;
    const Participants& participants = placement.participants;
    const bool is_video = placement.domain == Domain::video;
    Cacheability granted;
    granted.reserve(participants.gpus.size());
    for (const Gpu& gpu : participants.gpus)
        granted.push_back({gpu.id, gpu.device->is_integrated || is_video});

    OPENNVSCI_TRY(for_each_wish<NvSciBufAttrValGpuCache>(
        negotiation, key, participants, [&](const attr::Ask& ask, const Gpu& gpu, const auto& wish) -> Result<> {
            bool& cacheability = granted[static_cast<std::size_t>(&gpu - participants.gpus.data())].cacheability;
            if (gpu.device->is_integrated) cacheability = cacheability && wish.cacheability;
            if (gpu.device->is_integrated || wish.cacheability == cacheability) return {};
            return refuse_cacheability(negotiation, placement, negotiation.name_of(ask), wish);
        }));
    return granted;
}

attr::Decision decision_on_cacheability(Negotiation& negotiation, const Placement& placement,
                                        const Cacheability& granted) {
    const Participants& participants = placement.participants;
    const auto is_granted = [&](const Gpu& gpu) {
        return granted[static_cast<std::size_t>(&gpu - participants.gpus.data())].cacheability;
    };
    if (!ask_cacheability(negotiation, participants, is_granted).empty()) {  // only of an integrated one
        const std::string uncached = names_asking_cache(negotiation, false);
        return {Outcome::denied,
                fmt::format("false is asked by {}, and one list is enough", uncached),
                {fmt::format("ask true in {}", uncached),
                 ask_cacheability(negotiation, participants, [](const Gpu&) { return true; })},
                Reason::downgraded};
    }
    const char* const why = participants.gpus.front().device->is_integrated ? "an integrated GPU caches what it may"
                            : placement.domain == Domain::video             ? "a discrete GPU caches its video memory"
                                                                : "a discrete GPU does not cache system memory";
    const bool is_asked = negotiation.is_asked(NvSciBufGeneralAttrKey_EnableGpuCache);
    return {is_asked ? Outcome::granted : Outcome::defaulted, why, {}, Reason::follows, kMemoryDomain};
}

Result<> decide_cacheability(Negotiation& negotiation, const Placement& placement) {
    const auto key = NvSciBufGeneralAttrKey_EnableGpuCache;
    OPENNVSCI_TRY_ASSIGN(granted, grant_cacheability(negotiation, placement));
    if (granted.empty()) return {};
    const bool is_video = placement.domain == Domain::video;
    negotiation.result().put_array(key, std::span<const NvSciBufAttrValGpuCache>(granted));
    negotiation.decide(key, decision_on_cacheability(negotiation, placement, granted));

    // The published rule (nvscibuf.md 4.2, GpuSwNeedCacheCoherency). No engine but GPUs and the CPU exists here.
    const bool any_uncached =
        std::any_of(granted.begin(), granted.end(), [](const auto& element) { return !element.cacheability; });
    const bool mixes_views = !is_video && (any_uncached || placement.participants.cpu);
    for (auto& element : granted)
        element.cacheability = element.cacheability && mixes_views;
    negotiation.compute(NvSciBufGeneralAttrKey_GpuSwNeedCacheCoherency,
                        std::span<const NvSciBufAttrValGpuCache>(granted),
                        "true of a GPU that caches what is seen past its cache too", kMemoryDomain);
    return {};
}

// Why compression cannot be had, or empty.
attr::Text compression_obstacle(Negotiation& negotiation, const Placement& placement, const Device& first_asking,
                                bool one_gpu_asks) {
    constexpr auto kAsking = attr::Text::Owners::asking;
    const Participants& participants = placement.participants;
    if (!one_gpu_asks) {
        return fmt::format("more than one GPU is to have compression ({})",
                           who_names_another(negotiation, NvSciBufGeneralAttrKey_EnableGpuCompression,
                                             placement.domain == Domain::video ? *placement.device : first_asking));
    }
    if (participants.cpu) return {"the CPU takes part", kAsking, NvSciBufGeneralAttrKey_NeedCpuAccess};
    if (placement.domain != Domain::video) {
        return fmt::format("the buffer is in {}: {}", memory::domain_name(placement.domain),
                           negotiation.words(placement.reason));
    }
    if (participants.only_device() != placement.device) {
        return fmt::format("another GPU takes part ({})",
                           who_names_another(negotiation, NvSciBufGeneralAttrKey_GpuId, *placement.device));
    }
    if (!placement.device->grants_compression(*participants.driver)) return "the device has no compressible memory";
    return {};
}

// Without the CPU one GPU that is alone gets video memory, if it may cache it; whether that is enough, trying tells.
Suggestion way_to_compression(Negotiation& negotiation, const Placement& placement) {
    constexpr auto kAsking = attr::Text::Owners::asking;
    const auto cpu = NvSciBufGeneralAttrKey_NeedCpuAccess;
    if (placement.participants.cpu) {
        return {attr::Text("do without CPU access", kAsking, cpu), negotiation.leave_out(cpu)};
    }
    const auto cache = NvSciBufGeneralAttrKey_EnableGpuCache;
    std::vector<attr::Change> changes;
    for (const attr::Ask& ask : negotiation.asks(cache)) {
        if (asks_uncached(ask.value)) changes.push_back({attr::Change::Kind::leave_out, ask.participant, cache});
    }
    if (placement.domain == Domain::video || changes.empty()) return "let only one GPU take part, which supports it";
    return {fmt::format("leave EnableGpuCache out of {}", names_asking_cache(negotiation, false)), std::move(changes)};
}

Result<> decide_compression(Negotiation& negotiation, const Placement& placement) {
    const auto key = NvSciBufGeneralAttrKey_EnableGpuCompression;
    const Participants& participants = placement.participants;
    const Device* asking = nullptr;
    bool one_gpu_asks = true;
    OPENNVSCI_TRY(for_each_wish<NvSciBufAttrValGpuCompression>(
        negotiation, key, participants, [&](const attr::Ask&, const Gpu& gpu, const auto&) -> Result<> {
            if (asking == nullptr) asking = gpu.device;
            one_gpu_asks = one_gpu_asks && asking == gpu.device;
            return {};
        }));
    if (participants.gpus.empty()) return {};

    attr::Text obstacle;
    if (asking != nullptr) obstacle = compression_obstacle(negotiation, placement, *asking, one_gpu_asks);
    const bool compressed = asking != nullptr && obstacle.empty();
    std::vector<NvSciBufAttrValGpuCompression> granted;
    granted.reserve(participants.gpus.size());
    for (const Gpu& gpu : participants.gpus) {
        const bool here = compressed && gpu.device == asking;
        granted.push_back({gpu.id, here ? NvSciBufCompressionType_GenericCompressible : NvSciBufCompressionType_None});
    }
    negotiation.result().put_array(key, std::span<const NvSciBufAttrValGpuCompression>(granted));
    negotiation.result().put_scalar(kMemoryCompressed, compressed);
    if (!obstacle.empty()) {
        negotiation.decide(
            key, {Outcome::denied, std::move(obstacle), way_to_compression(negotiation, placement), Reason::downgraded,
                  placement.domain != Domain::video ? std::uint32_t{kMemoryDomain} : 0});
    } else {
        negotiation.decide(key, {compressed ? Outcome::granted : Outcome::defaulted});
    }
    return {};
}

}  // namespace

Result<> decide_gpu_attributes(Negotiation& negotiation, const Placement& placement) {
    OPENNVSCI_TRY(decide_cacheability(negotiation, placement));
    return decide_compression(negotiation, placement);
}

}  // namespace opennvsci::buf
