// SPDX-License-Identifier: Apache-2.0
#include "api/inspection_writer.h"

#include <fmt/format.h>

#include <optional>

#include "attr/printable.h"
#include "base/utc.h"

namespace opennvsci::api {

void InspectionWriter::text(std::string_view key, std::string_view text) {
    json_.key(key);
    json_.string(attr::shortened(std::string(text), kMostTextBytes));
}

void InspectionWriter::elements(std::string_view key, const attr::Slot& slot, std::uint32_t number) {
    const attr::Key& row = *slot.schema().find(number);
    text(key, row.elements_text(slot.get(row)));
}

void InspectionWriter::handle(std::string_view key, std::uint64_t number) {
    text(key, fmt::format("{:#x}", number));
}

void InspectionWriter::module(const attr::Module* module) {
    const auto found = modules_.find(module);
    found == modules_.end() ? null("module") : handle("module", found->second);
}

std::string InspectionWriter::time_text(std::chrono::nanoseconds ago) const {
    return utc_text(time_ - std::chrono::duration_cast<std::chrono::system_clock::duration>(ago));
}

void InspectionWriter::since(const Since& since) {
    const auto age = since.age(now_);
    if (!age) return;
    text("since", time_text(*age));
    number("age_ms", std::chrono::duration_cast<std::chrono::milliseconds>(*age).count());
}

}  // namespace opennvsci::api
