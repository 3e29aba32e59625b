// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstddef>
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

Result<std::vector<Answer>> ask(std::int64_t pid) {
    const OpenNvSciInspection* inspections = nullptr;
    std::size_t count = 0;
    OPENNVSCI_TRY(check(opennvsciInspect(pid, &inspections, &count), "opennvsciInspect"));
    std::vector<Answer> answers;
    for (const OpenNvSciInspection& inspection : std::span(inspections, count))
        answers.push_back(Answer::of(inspection));
    return answers;
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

void print_as_json(const std::vector<Answer>& answers) {
    Json all = Json::array();
    for (const Answer& answer : answers)
        all.push_back(answer.json());
    print_json_value(all);
}

}  // namespace
}  // namespace inspection

Result<> objects(const ObjectsOptions& options) {
    OPENNVSCI_TRY_ASSIGN(answers, inspection::ask(options.pid));
    if (options.pid != 0 && answers.empty()) {
        return fail(fmt::format(
            "process {} does not answer: it does not run, was not started with OPENNVSCI_INSPECT=1, or has opened no "
            "module yet; or it has another OPENNVSCI_RUNTIME_DIR than this command",
            options.pid));
    }
    if (options.json) {
        inspection::print_as_json(answers);
    } else if (answers.empty()) {
        print(
            "no program answers: start one with OPENNVSCI_INSPECT=1, and with the same OPENNVSCI_RUNTIME_DIR as this "
            "command\n");
    }
    bool is_first = true;
    for (const inspection::Answer& answer : answers) {
        if (options.pid != 0 && !answer.problem.empty())
            return fail(options.json ? "" : fmt::format("process {} {}", options.pid, answer.problem));
        if (options.json) continue;
        if (!is_first) print("\n");
        is_first = false;
        inspection::print_as_text(answer);
    }
    return {};
}

}  // namespace opennvsci::tool
