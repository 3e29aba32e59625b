// SPDX-License-Identifier: Apache-2.0
#include "explain/gpu_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "device_choice.h"
#include "machine.h"

namespace opennvsci::tool {
namespace {

constexpr std::string_view kShape = "GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

// The UUID that the text begins with, in small letters; else empty.
std::string uuid_at(std::string_view text) {
    if (text.size() < kShape.size()) return {};
    std::string uuid(text.substr(0, kShape.size()));
    for (std::size_t i = 0; i < kShape.size(); ++i) {
        const bool is_letter = uuid[i] >= 'A' && uuid[i] <= 'F';
        if (kShape[i] == 'x' && is_letter) uuid[i] = static_cast<char>(uuid[i] - 'A' + 'a');
        const bool is_digit = (uuid[i] >= '0' && uuid[i] <= '9') || (uuid[i] >= 'a' && uuid[i] <= 'f');
        if (kShape[i] == 'x' ? !is_digit : uuid[i] != kShape[i]) return {};
    }
    return uuid;
}

}  // namespace

std::optional<GpuNames::Pair> GpuNames::parse(std::string_view text) {
    if (text.size() != 2 * kShape.size() + 1 || text[kShape.size()] != '=') return std::nullopt;
    Pair pair{uuid_at(text), uuid_at(text.substr(kShape.size() + 1))};
    if (pair.first.empty() || pair.second.empty()) return std::nullopt;
    return pair;
}

Result<GpuNames> GpuNames::of(const std::vector<std::string>& texts) {
    GpuNames names;
    for (const std::string& text : texts) {
        const auto pair = parse(text);
        if (!pair) return fail("--gpu needs two UUIDs, as GPU-OLD=GPU-NEW");
        for (const Entry& entry : names.entries_) {
            if (entry.pair.first == pair->first) return fail(fmt::format("--gpu: {} is there twice", pair->first));
        }
        names.entries_.push_back({*pair});
    }
    return names;
}

std::string GpuNames::replaced_in(std::string text) {
    for (std::size_t at = 0; !entries_.empty() && (at = text.find('G', at)) != std::string::npos; ++at) {
        const std::string uuid = uuid_at(std::string_view(text).substr(at));
        const auto found = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const Entry& entry) { return entry.pair.first == uuid; });
        if (found == entries_.end()) continue;
        found->is_used = true;
        text.replace(at, kShape.size(), found->pair.second);
        at += kShape.size() - 1;
    }
    return text;
}

Result<> GpuNames::check_use() const {
    for (const Entry& entry : entries_) {
        if (!entry.is_used) return fail(fmt::format("--gpu: nobody asks for {}", entry.pair.first));
    }
    return {};
}

std::string gpu_hint(const OpenNvSciReport& report) {
    if (report.verdict != OpenNvSciVerdict_Refused || report.deciding == nullptr ||
        report.deciding->reasonCode != OpenNvSciReason_UnknownGpu)
        return {};
    const OpenNvSciDriver* driver = nullptr;
    if (opennvsciGetDriver(&driver) != NvSciError_Success || driver->deviceCount == 0) return {};
    const std::span devices(driver->devices, driver->deviceCount);
    for (const OpenNvSciAsk& ask : std::span(report.deciding->asks, report.deciding->askCount)) {
        const std::string_view text = ask.text;
        for (std::size_t at = 0; (at = text.find("GPU-", at)) != std::string_view::npos; ++at) {
            const std::string uuid = uuid_at(text.substr(at));
            const bool is_here = std::any_of(devices.begin(), devices.end(), [&](const OpenNvSciDevice& device) {
                return uuid == uuid_text(device.gpuId);
            });
            if (uuid.empty() || is_here) continue;
            const std::string machine = machine_with(uuid);
            return fmt::format(
                "{}For a GPU of this machine give --gpu OLD=NEW, with these UUIDs:\n  OLD={}\n  NEW={}\n",
                machine.empty() ? "" : fmt::format("It is a GPU of --machine {}.\n", machine), uuid,
                uuid_text(devices[0].gpuId));
        }
    }
    return {};
}

}  // namespace opennvsci::tool
