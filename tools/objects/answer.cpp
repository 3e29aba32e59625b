// SPDX-License-Identifier: Apache-2.0
#include "objects/answer.h"

#include <fmt/format.h>

#include <new>
#include <utility>

#include "json_text.h"

namespace opennvsci::tool::inspection {
namespace {

constexpr int kKnownVersion = 1;
// The document has 5 levels. Each member takes some 50 bytes when it is parsed; what the library tells of the most that
// it tells of has fewer.
constexpr JsonLimits kLimits{.levels = 8, .members_in_all = 500'000};

const Json* find(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

/// Why it is no document, or an empty text and the document.
std::string read(std::string_view bytes, Json& document) try {
    const JsonExcess excess = json_extent(bytes, kLimits).excess;
    if (excess == JsonExcess::levels) return "gave an answer that is none (nested too deep)";
    if (excess != JsonExcess::none) return "gave an answer that is none (too many elements)";
    document = Json::parse(bytes, nullptr, false);
    if (!document.is_object()) return "gave an answer that is none (no JSON object)";
    const auto version = number_at(document, "format_version");
    if (!version) return "gave an answer that is none (no format_version)";
    if (*version != kKnownVersion)
        return fmt::format("gave an answer of format_version {}, and this command knows {}", *version, kKnownVersion);
    return {};
} catch (const std::bad_alloc&) {
    return "gave an answer for which memory lacks";
}

std::string problem_of(OpenNvSciInspectionOutcome outcome) {
    if (outcome == OpenNvSciInspectionOutcome_Silent) return "did not answer within 3 seconds; it may be stopped";
    return "ended while it was asked, or gave an answer that is too long";
}

}  // namespace

Answer Answer::of(const OpenNvSciInspection& inspection) {
    Answer made{inspection.pid, printable(inspection.program), {}, {}};
    made.problem = inspection.outcome == OpenNvSciInspectionOutcome_Answered
                       ? read({inspection.answer, inspection.answerSize}, made.document)
                       : problem_of(inspection.outcome);
    if (!made.problem.empty()) made.document = {{"format_version", kKnownVersion}};
    made.document["process"] = {{"pid", made.pid == 0 ? Json(nullptr) : Json(made.pid)}, {"name", made.program}};
    return made;
}

std::string Answer::process_text() const {
    const std::string number = pid == 0 ? "?" : std::to_string(pid);
    return program.empty() ? number : number + " " + program;
}

Json Answer::json() const {
    Json all = document;
    if (!problem.empty()) all["problem"] = problem;
    return all;
}

std::string text_at(const Json& object, const char* key) {
    const Json* const found = find(object, key);
    if (found == nullptr || !found->is_string()) return "?";
    const auto& text = found->get_ref<const std::string&>();
    return text.size() <= kMostShownBytes ? printable(text) : printable(text.substr(0, kMostShownBytes)) + "...";
}

std::optional<std::uint64_t> number_at(const Json& object, const char* key) {
    const Json* const found = find(object, key);
    if (found == nullptr || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
}

std::string number_text_at(const Json& object, const char* key) {
    const auto number = number_at(object, key);
    return number ? std::to_string(*number) : "?";
}

const Json& array_at(const Json& object, const char* key) {
    static const Json none = Json::array();
    const Json* const found = find(object, key);
    return found != nullptr && found->is_array() ? *found : none;
}

const Json& object_at(const Json& object, const char* key) {
    static const Json none = Json::object();
    const Json* const found = find(object, key);
    return found != nullptr && found->is_object() ? *found : none;
}

}  // namespace opennvsci::tool::inspection
