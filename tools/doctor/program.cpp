// SPDX-License-Identifier: Apache-2.0
#include "doctor/program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "doctor/elf_file.h"
#include "doctor/input_file.h"

namespace opennvsci::tool {
namespace {

bool can_be_started(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

// As execvp finds it. A file here that is not in PATH is looked at too, since nothing is started.
std::string path_of(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* const variable = std::getenv("PATH");
    for (const std::string& folder : folders_of(variable != nullptr ? variable : "", "")) {
        std::string path = (folder.empty() ? std::string(".") : folder) + "/" + name;
        if (can_be_started(path)) return path;
    }
    return name;
}

// What stands behind "#!" in the first line.
std::optional<std::string> script_interpreter(const std::string& path) {
    const auto file = InputFile::open(path);
    constexpr std::size_t kLongestLine = 256;
    const std::string start = file ? file->read_start(kLongestLine) : std::string();
    if (!start.starts_with("#!")) return std::nullopt;
    const auto begin = start.find_first_not_of(" \t", 2);
    if (begin == std::string::npos) return "";
    return start.substr(begin, start.find('\n', begin) - begin);
}

}  // namespace

ProgramFacts look_at_program(const std::string& name, const LibrarySearch& search, OwnLibraries own) {
    ProgramFacts facts;
    facts.path = path_of(name);
    facts.own = std::move(own);
    const char* const interpose = std::getenv("OPENNVSCI_INTERPOSE");
    facts.is_interposed = interpose == nullptr || std::string_view(interpose) != "0";
    if (auto script = script_interpreter(facts.path)) {
        facts.script = script->empty() ? "a shell" : *std::move(script);
        return facts;
    }
    auto file = read_elf_file(facts.path);
    if (!file) {
        facts.error = std::move(file).error().text;
        return facts;
    }
    if (file->kind == ElfFile::Kind::static_program) {
        facts.order.files.push_back({*std::move(file), ""});
        return facts;
    }
    facts.order = file->has_rights_of_its_own ? load_order(*file, {}, search.without_environment())
                                              : load_order(*file, preloaded_names(), search);
    for (const LoadedFile& loaded : facts.order.files) {
        const ElfFile& one = loaded.file;
        const std::string& known = one.name;
        if (is_nvsci_library(known)) facts.namesakes.push_back(namesake(known, {one.path, loaded.by}, facts.own));
    }
    return facts;
}

}  // namespace opennvsci::tool
