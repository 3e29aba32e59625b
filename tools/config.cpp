// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"
#include "output.h"
#include "text_table.h"
#include "variables.h"

namespace opennvsci::tool {
namespace {

// What is set and read by nobody is a slip of the keyboard.
std::vector<std::string> unknown_variables() {
    std::vector<std::string> names;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::string_view name = text.substr(0, text.find('='));
        const bool is_known = std::any_of(variables().begin(), variables().end(),
                                          [&](const Variable& variable) { return name == variable.name; });
        if (name.starts_with("OPENNVSCI_") && !is_known) names.emplace_back(name);
    }
    return names;
}

void print_as_text() {
    std::vector<std::string> names;
    std::vector<std::string> values;
    std::vector<std::string> defaults;
    for (const Variable& variable : variables()) {
        const char* const value = std::getenv(variable.name);
        names.emplace_back(variable.name);
        values.emplace_back(value == nullptr ? "not set" : printable(value));
        defaults.emplace_back(variable.default_value);
    }
    TextTable table;
    table.add_column("variable", Column::name, std::move(names));
    table.add_column("value", Column::text, std::move(values));
    table.add_column("default", Column::list, std::move(defaults));
    print_text(table.text(terminal_width()));
    for (const std::string& name : unknown_variables())
        print("\n{} is set, but nothing reads a variable of this name\n", printable(name));
}

void print_as_json() {
    auto all = Json::array();
    for (const Variable& variable : variables()) {
        const char* const value = std::getenv(variable.name);
        all.push_back({{"name", variable.name},
                       {"value", value == nullptr ? Json(nullptr) : Json(value)},
                       {"default", variable.default_value},
                       {"meaning", variable.meaning}});
    }
    print_json({{"variables", std::move(all)}, {"unknown", unknown_variables()}});
}

}  // namespace

Result<> config(const ConfigOptions& options) {
    options.json ? print_as_json() : print_as_text();
    return {};
}

}  // namespace opennvsci::tool
