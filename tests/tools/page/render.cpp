// SPDX-License-Identifier: Apache-2.0
//
// Makes a page of negotiation files: render PAGE FILE.json [LAYOUT.svg] FILE.json ...
#include <cstdio>
#include <fstream>
#include <ios>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "explain/page.h"

namespace {

using opennvsci::tool::Json;
using opennvsci::tool::PageNegotiation;

std::string read(const char* path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) std::fprintf(stderr, "%s cannot be read\n", path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    std::vector<PageNegotiation> negotiations;
    for (const char* path : std::span(argv, static_cast<std::size_t>(argc)).subspan(2)) {
        std::string text = read(path);
        if (std::string_view(path).ends_with(".svg") && !negotiations.empty()) {
            negotiations.back().layout = std::move(text);
            continue;
        }
        Json fields = Json::parse(text, nullptr, false);
        if (fields.is_discarded()) {
            std::fprintf(stderr, "%s is no JSON\n", path);
            return 2;
        }
        negotiations.push_back({std::move(fields), ""});
    }
    std::ofstream page(argv[1], std::ios::binary);
    page << opennvsci::tool::page_of(negotiations);
    return page.flush() ? 0 : 1;
}
