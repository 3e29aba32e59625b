// SPDX-License-Identifier: Apache-2.0
#include "objects/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "objects/answer.h"

namespace opennvsci::tool::inspection {
namespace {

template <const char* kKey>
std::string text_of(const Json& entry) {
    return text_at(entry, kKey);
}
template <const char* kKey>
std::string number_of(const Json& entry) {
    return number_text_at(entry, kKey);
}

constexpr char kHandle[] = "handle";
constexpr char kPointer[] = "pointer";
constexpr char kLibrary[] = "library";
constexpr char kKind[] = "kind";
constexpr char kObject[] = "object";
constexpr char kType[] = "type";
constexpr char kSize[] = "size";
constexpr char kMemory[] = "memory";
constexpr char kRight[] = "right";
constexpr char kDevice[] = "device";
constexpr char kPermission[] = "permission";
constexpr char kPrimitive[] = "primitive";
constexpr char kSignaler[] = "signaler";
constexpr char kModule[] = "module";
constexpr char kName[] = "name";
constexpr char kPeer[] = "peer";
constexpr char kState[] = "state";
constexpr char kUnread[] = "unread_frames";
constexpr char kParked[] = "parked_descriptors";

void append(std::string& all, std::string_view part) {
    if (!all.empty()) all += ", ";
    all += part;
}

std::string joined(const Json& texts) {
    std::string all;
    std::size_t left = kMostShownElements;
    for (const Json& text : texts) {
        if (left-- == 0) break;
        append(all, text_at({{"text", text}}, "text"));
    }
    return all;
}

// Without what is the same in all names of keys of a library: "GeneralAttrKey_Types" is "Types".
std::string keys_text(const Json& entry) {
    std::string all;
    std::size_t left = kMostShownElements;
    for (const Json& key : array_at(entry, "keys")) {
        if (left-- == 0) break;
        const std::string name = text_at({{"text", key}}, "text");
        const auto mark = name.find("AttrKey_");
        append(all, mark == std::string::npos ? name : name.substr(mark + 8));
    }
    return all;
}

std::string participants_text(const Json& entry) {
    const std::string names = joined(array_at(entry, "participants"));
    const std::string count = number_text_at(entry, "participant_count");
    return names.empty() ? count : count + ": " + names;
}

std::string list_kind_text(const Json& entry) {
    const auto found = entry.find("is_of_object");
    const bool is_of_object = found != entry.end() && *found == true;
    return text_at(entry, "kind") + (is_of_object ? ", of an object" : "");
}

std::string reconciled_for_text(const Json& entry) {
    return joined(array_at(entry, "participants"));
}

std::string holders_text(const Json& entry) {
    std::string all;
    const auto add = [&](const char* key, const char* one, const char* several) {
        const std::size_t count = array_at(entry, key).size();
        if (count != 0) append(all, fmt::format("{} {}", count, count == 1 ? one : several));
    };
    add("handles", "handle", "handles");
    add("imports", "import", "imports");
    add("mappings", "mapping", "mappings");
    add("vulkan_imports", "Vulkan import", "Vulkan imports");
    add("tensors", "tensor", "tensors");
    add("semaphore_pools", "semaphore pool", "semaphore pools");
    return all;
}

std::string transfers_text(const Json& entry) {
    std::string all;
    std::size_t left = kMostShownElements;
    for (const Json& transfer : array_at(entry, "transfers")) {
        if (left-- == 0) break;
        append(all, text_at(transfer, "way") + " " + text_at(transfer, "peer"));
    }
    return all;
}

std::string fences_text(const Json& entry) {
    const auto reached = number_at(entry, "reached");
    const auto greatest = number_at(entry, "greatest_fence");
    if (!reached || !greatest) return "?";
    std::string text = fmt::format("signaled to {}", *reached);
    if (*greatest > *reached) text += fmt::format(", awaited to {}", *greatest);
    if (const auto lost = number_at(entry, "first_lost")) text += fmt::format(", lost from {}", *lost);
    return text;
}

std::string sleepers_text(const Json& entry) {
    const auto count = number_at(entry, "sleepers");
    return !count ? "?" : *count == 0 ? "" : std::to_string(*count);
}

std::string age_of(const Json& entry) {
    const auto age = number_at(entry, "age_ms");
    return age ? age_text(*age) : "?";
}

std::string since_of(const Json& entry) {
    std::string text = text_at(entry, "since");
    text.resize(std::min<std::size_t>(text.size(), 19));  // to the second
    std::ranges::replace(text, 'T', ' ');
    return printable(text);  // it may have been cut inside a character
}

constexpr ColumnRow kAge{"age", Column::number, age_of};
constexpr ColumnRow kSince{"since", Column::name, since_of};

constexpr ColumnRow kOfModules[] = {
    {"handle", Column::name, text_of<kHandle>}, {"library", Column::name, text_of<kLibrary>}, kAge, kSince};
constexpr ColumnRow kOfLists[] = {{"handle", Column::name, text_of<kHandle>},
                                  {"kind", Column::name, list_kind_text},
                                  {"participants", Column::text, participants_text},
                                  {"keys", Column::text, keys_text},
                                  kAge,
                                  kSince};
constexpr ColumnRow kOfBuffers[] = {{"buffer", Column::number, number_of<kObject>},
                                    {"type", Column::name, text_of<kType>},
                                    {"bytes", Column::number, number_of<kSize>},
                                    {"memory", Column::name, text_of<kMemory>},
                                    {"right", Column::name, text_of<kRight>},
                                    {"held by", Column::text, holders_text},
                                    {"peers", Column::text, transfers_text},
                                    {"reconciled for", Column::text, reconciled_for_text},
                                    kAge,
                                    kSince};
constexpr ColumnRow kOfExternalMemories[] = {{"handle", Column::name, text_of<kHandle>},
                                             {"buffer", Column::number, number_of<kObject>},
                                             {"device", Column::text, text_of<kDevice>},
                                             kAge,
                                             kSince};
constexpr ColumnRow kOfMappings[] = {{"pointer", Column::name, text_of<kPointer>},
                                     {"buffer", Column::number, number_of<kObject>},
                                     {"device", Column::text, text_of<kDevice>},
                                     kAge,
                                     kSince};
constexpr ColumnRow kOfVulkanImports[] = {{"memory", Column::name, text_of<kMemory>},
                                          {"buffer", Column::number, number_of<kObject>},
                                          {"device", Column::text, text_of<kDevice>},
                                          kAge,
                                          kSince};
constexpr ColumnRow kOfSyncObjects[] = {{"object", Column::number, number_of<kObject>},
                                        {"permission", Column::name, text_of<kPermission>},
                                        {"primitive", Column::name, text_of<kPrimitive>},
                                        {"signaler", Column::name, text_of<kSignaler>},
                                        {"fences", Column::text, fences_text},
                                        {"CPUs asleep", Column::number, sleepers_text},
                                        {"held by", Column::text, holders_text},
                                        {"peers", Column::text, transfers_text},
                                        {"reconciled for", Column::text, reconciled_for_text},
                                        kAge,
                                        kSince};
constexpr ColumnRow kOfSemaphores[] = {
    {"handle", Column::name, text_of<kHandle>}, {"object", Column::number, number_of<kObject>}, kAge, kSince};
constexpr ColumnRow kOfSemaphorePools[] = {{"handle", Column::name, text_of<kHandle>},
                                           {"object", Column::number, number_of<kObject>},
                                           {"device", Column::text, text_of<kDevice>},
                                           kAge,
                                           kSince};
constexpr ColumnRow kOfWaitContexts[] = {
    {"handle", Column::name, text_of<kHandle>}, {"module", Column::name, text_of<kModule>}, kAge, kSince};
constexpr ColumnRow kOfEndpoints[] = {{"endpoint", Column::name, text_of<kName>},
                                      {"peer", Column::name, text_of<kPeer>},
                                      {"state", Column::name, text_of<kState>},
                                      {"unread", Column::number, number_of<kUnread>},
                                      {"parked", Column::number, number_of<kParked>},
                                      kAge,
                                      kSince};

constexpr KindRow kKinds[] = {
    {"modules", "count", "modules", kOfModules},
    {"lists", "count", "lists of NvSciBuf", kOfLists},
    {"buffers", "handles", "buffers, by handles", kOfBuffers},
    {"external_memories", "count", "external memories", kOfExternalMemories},
    {"mappings", "count", "mapped buffers", kOfMappings},
    {"vulkan_imports", "count", "imports into Vulkan", kOfVulkanImports},
    {"sync_lists", "count", "lists of NvSciSync", kOfLists},
    {"sync_objects", "handles", "sync objects, by handles", kOfSyncObjects},
    {"external_semaphores", "count", "external semaphores", kOfSemaphores},
    {"semaphore_pools", "count", "semaphore pools of Vulkan", kOfSemaphorePools},
    {"wait_contexts", "count", "wait contexts", kOfWaitContexts},
    {"endpoints", "count", "endpoints", kOfEndpoints},
};

}  // namespace

std::span<const KindRow> kinds() {
    return kKinds;
}

std::string age_text(std::uint64_t milliseconds) {
    const std::uint64_t seconds = milliseconds / 1000;
    if (seconds == 0) return fmt::format("{} ms", milliseconds);
    if (seconds < 60) return fmt::format("{} s", seconds);
    if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{} d {} h", seconds / 86400, seconds / 3600 % 24);
}

}  // namespace opennvsci::tool::inspection
