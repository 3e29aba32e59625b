// SPDX-License-Identifier: Apache-2.0
#include "api/inspection_writer.h"

#include <fmt/format.h>

#include <ctime>
#include <optional>

#include "attr/printable.h"

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
    using std::chrono::duration_cast;
    const auto since_epoch = duration_cast<std::chrono::microseconds>(time_.time_since_epoch() - ago);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
    const std::time_t whole = seconds.count();
    std::tm parts{};
    ::gmtime_r(&whole, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, (since_epoch - seconds).count());
}

void InspectionWriter::since(const Since& since) {
    const auto age = since.age(now_);
    if (!age) return;
    text("since", time_text(*age));
    number("age_ms", std::chrono::duration_cast<std::chrono::milliseconds>(*age).count());
}

}  // namespace opennvsci::api
