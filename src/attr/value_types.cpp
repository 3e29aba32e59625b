// SPDX-License-Identifier: Apache-2.0
#include "attr/value_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "base/uuid.h"
#include "nvscibuf.h"

namespace opennvsci::attr::value {
namespace {

constexpr auto kBooleans = counted({"false", "true"});

void append_float(std::string& out, const void* element) {
    fmt::format_to(std::back_inserter(out), "{}", load<float>(element));
}

// Two numbers, each after words of its own.
template <std::size_t kSecond>
bool parse_pair(std::string_view text, std::string_view before, std::string_view between, void* element) {
    const std::size_t at = text.find(between);
    if (!text.starts_with(before) || at == std::string_view::npos || at < before.size()) return false;
    const auto first = parsed<std::uint32_t>(text.substr(before.size(), at - before.size()));
    const auto second = parsed<std::uint32_t>(text.substr(at + between.size()));
    if (!first || !second) return false;
    std::memcpy(element, &*first, sizeof(*first));
    std::memcpy(static_cast<std::byte*>(element) + kSecond, &*second, sizeof(*second));
    return true;
}

void append_gpu_id(std::string& out, const void* element) {
    const auto uuid = Uuid::from(element);
    out += uuid.is_null() ? "no GPU" : uuid.text();
}

bool parse_gpu_id(std::string_view text, void* element) {
    const auto uuid = text == "no GPU" ? Uuid{} : Uuid::parse(text);
    if (uuid) std::memcpy(element, uuid->bytes.data(), uuid->bytes.size());
    return uuid.has_value();
}

void append_peer_location(std::string& out, const void* element) {
    const auto peer = load<NvSciBufPeerLocationInfo>(element);
    fmt::format_to(std::back_inserter(out), "SoC {} VM {}", std::uint32_t{peer.socID}, std::uint32_t{peer.vmID});
}

bool parse_peer_location(std::string_view text, void* element) {
    NvSciBufPeerLocationInfo peer{};
    if (!parse_pair<offsetof(NvSciBufPeerLocationInfo, vmID)>(text, "SoC ", " VM ", &peer)) return false;
    std::memcpy(element, &peer, sizeof(peer));
    return true;
}

// Programs may put any number where an enumerator belongs, so both are read as numbers.
void append_peer_engine(std::string& out, const void* element) {
    const auto* words = static_cast<const std::byte*>(element);
    fmt::format_to(std::back_inserter(out), "engine {} platform {}",
                   load<std::uint32_t>(words + offsetof(NvSciBufPeerHwEngine, engName)),
                   load<std::uint32_t>(words + offsetof(NvSciBufPeerHwEngine, platName)));
}

bool parse_peer_engine(std::string_view text, void* element) {
    static_assert(offsetof(NvSciBufPeerHwEngine, engName) == 0);
    return parse_pair<offsetof(NvSciBufPeerHwEngine, platName)>(text, "engine ", " platform ", element);
}

}  // namespace

void append_name(std::string& out, std::uint64_t value, std::span<const Enumerator> all) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Enumerator& one) { return one.value == value; });
    out += found != all.end() ? found->name : std::to_string(value);
}

std::optional<std::uint64_t> value_of_name(std::string_view text, std::uint64_t greatest,
                                           std::span<const Enumerator> all) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Enumerator& one) { return one.name == text; });
    if (found != all.end()) return found->value;
    const auto number = parsed<std::uint64_t>(text);
    return number && *number <= greatest ? number : std::nullopt;
}

const ValueType boolean = enumeration<kBooleans, std::uint8_t>("bool");
const ValueType uint8 = number<std::uint8_t>("uint8_t", "a number up to 255");
const ValueType uint32 = number<std::uint32_t>("uint32_t", "a number up to 4294967295");
const ValueType uint64 = number<std::uint64_t>("uint64_t", "a number up to 18446744073709551615");
const ValueType float32{"float", sizeof(float), less<float>, append_float, parse_number<float>, "a number such as 0.5"};
const ValueType gpu_id{"NvSciRmGpuId", sizeof(NvSciRmGpuId),
                       nullptr,        append_gpu_id,
                       parse_gpu_id,   "a GPU such as GPU-00112233-4455-6677-8899-aabbccddeeff, or \"no GPU\""};
const ValueType peer_location{
    "NvSciBufPeerLocationInfo", sizeof(NvSciBufPeerLocationInfo), nullptr, append_peer_location,
    parse_peer_location,        "a place such as \"SoC 1 VM 2\""};
const ValueType peer_engine{"NvSciBufPeerHwEngine",
                            sizeof(NvSciBufPeerHwEngine),
                            nullptr,
                            append_peer_engine,
                            parse_peer_engine,
                            "an engine such as \"engine 1 platform 2\""};

}  // namespace opennvsci::attr::value
