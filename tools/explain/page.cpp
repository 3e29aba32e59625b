// SPDX-License-Identifier: Apache-2.0
#include "explain/page.h"

#include <cstdint>
#include <utility>

#include "explain/page_html.h"

namespace opennvsci::tool {
namespace {

constexpr std::uint64_t kMostExact = std::uint64_t{1} << 53;  // above it, the numbers of a browser are rounded

// Numbers that a browser would round become texts.
void keep_exact(Json& value) {
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > kMostExact) {
        value = value.dump();
    } else if (value.is_array()) {
        for (Json& element : value) {
            if (!element.is_array()) keep_exact(element);
        }
    }
}

// Reports have a text for each value; the asks of lists that nobody has negotiated have the values alone.
void keep_asks_exact(Json& fields) {
    if (!fields.is_object() || !fields.contains("participants") || !fields["participants"].is_array()) return;
    for (Json& participant : fields["participants"]) {
        if (!participant.is_object() || !participant.contains("asks") || !participant["asks"].is_object()) continue;
        for (Json& value : participant["asks"])
            keep_exact(value);
    }
}

// JSON in which no markup can begin.
std::string script_data(const Json& data) {
    const std::string text = data.dump(-1, ' ', true, Json::error_handler_t::replace);
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (c == '<') {
            out += "\\u003c";
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

std::string page_of(std::span<const PageNegotiation> negotiations) {
    Json data = Json::array();
    for (const auto& [fields, layout] : negotiations) {
        Json entry = fields;
        keep_asks_exact(entry);
        if (entry.is_object() && !layout.empty()) entry["layout"] = layout;
        data.push_back(std::move(entry));
    }
    return kPageHead + script_data(data) + kPageTail;
}

}  // namespace opennvsci::tool
