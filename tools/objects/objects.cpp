// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands.h"
#include "nvsci.h"
#include "objects/answer.h"
#include "objects/columns.h"
#include "opennvsci.h"
#include "output.h"
#include "text_table.h"

namespace opennvsci::tool {
namespace inspection {
namespace {

Result<std::span<const OpenNvSciInspection>> ask(std::int64_t pid) {
    const OpenNvSciInspection* inspections = nullptr;
    std::size_t count = 0;
    OPENNVSCI_TRY(check(opennvsciInspect(pid, &inspections, &count), "opennvsciInspect"));
    return std::span(inspections, count);
}

std::string table_of(const KindRow& kind, const Json& entries) {
    TextTable table;
    for (const ColumnRow& column : kind.columns) {
        std::vector<std::string> texts;
        for (const Json& entry : entries) {
            if (texts.size() == kMostShownElements) break;
            texts.push_back(column.text(entry));
        }
        table.add_column(column.title, column.kind, std::move(texts));
    }
    return table.text(terminal_width());
}

// "lists of NvSciBuf (50000, the first 700)". One thing may have several handles: then it is not said what is left out.
std::string head_of(const KindRow& kind, const Json& all, std::size_t shown) {
    const auto count = number_at(all, kind.count);
    const bool is_cut = count && *count > shown && kind.count == std::string_view("count");
    return fmt::format("{} ({}{})", kind.title, number_text_at(all, kind.count),
                       is_cut ? fmt::format(", the first {}", shown) : "");
}

void print_as_text(const Answer& answer) {
    print("{}{}{}\n", answer.process_text(), answer.problem.empty() ? "" : " ", answer.problem);
    if (!answer.problem.empty()) return;
    bool has_any = false;
    for (const KindRow& kind : kinds()) {
        const Json& all = object_at(answer.document, kind.field);
        const Json& entries = array_at(all, "entries");
        if (entries.empty()) continue;
        has_any = true;
        print("\n{}:\n{}", head_of(kind, all, entries.size()), table_of(kind, entries));
    }
    if (!has_any) print("holds nothing\n");
}

// An array whose elements are printed one after the other: one document is in memory at a time.
class JsonArray {
  public:
    void print_element(const Json& element) {
        const std::string text = json_text(Json::array({element}));  // "[\n  {...}\n]"
        print("{}\n{}", is_empty_ ? "[" : ",", std::string_view(text).substr(2, text.size() - 4));
        is_empty_ = false;
    }
    void print_end() const { print("{}", is_empty_ ? "[]\n" : "\n]\n"); }

  private:
    bool is_empty_ = true;
};

std::string why_not_there(std::int64_t pid, bool is_perhaps_stopped) {
    return fmt::format(
        "process {} does not answer: it does not run, was not started with OPENNVSCI_INSPECT=1, or has opened no "
        "module yet; or it has another OPENNVSCI_RUNTIME_DIR than this command{}",
        pid, is_perhaps_stopped ? "; or it is stopped: there is one that nobody reaches" : "");
}

Result<> print_one(const OpenNvSciInspection& inspection, bool as_json) {
    const Answer answer = Answer::of(inspection);
    if (as_json) {
        JsonArray array;
        array.print_element(answer.json());
        array.print_end();
    }
    if (!answer.problem.empty()) return fail(as_json ? "" : fmt::format("process {} {}", answer.pid, answer.problem));
    if (!as_json) print_as_text(answer);
    return {};
}

void print_all(std::span<const OpenNvSciInspection> inspections, bool as_json) {
    constexpr std::size_t kMostProcesses = 256;  // opennvsciInspect()
    JsonArray array;
    for (const OpenNvSciInspection& inspection : inspections) {
        const Answer answer = Answer::of(inspection);
        if (as_json) {
            array.print_element(answer.json());
            continue;
        }
        if (&inspection != inspections.data()) print("\n");
        print_as_text(answer);
    }
    if (as_json) return array.print_end();
    if (inspections.size() >= kMostProcesses)
        print("\nno more than {} are asked: name others by their numbers\n", kMostProcesses);
    if (inspections.empty()) {
        print(
            "no program answers: start one with OPENNVSCI_INSPECT=1, and with the same OPENNVSCI_RUNTIME_DIR as this "
            "command\n");
    }
}

}  // namespace
}  // namespace inspection

Result<> objects(const ObjectsOptions& options) {
    OPENNVSCI_TRY_ASSIGN(inspections, inspection::ask(options.pid));
    if (options.pid == 0) {
        inspection::print_all(inspections, options.json);
        return {};
    }
    // Those without a number are of processes that nobody reaches.
    const auto found = std::ranges::find(inspections, options.pid, &OpenNvSciInspection::pid);
    if (found == inspections.end()) return fail(inspection::why_not_there(options.pid, !inspections.empty()));
    return inspection::print_one(*found, options.json);
}

}  // namespace opennvsci::tool
