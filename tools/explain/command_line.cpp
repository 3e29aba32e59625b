// SPDX-License-Identifier: Apache-2.0
#include "explain/command_line.h"

#include <fmt/format.h>

#include <cstdint>

#include "arguments.h"
#include "explain/gpu_names.h"

namespace opennvsci::tool {
namespace {

constexpr const char* kExplainDetails =
    "FILE is a negotiation file: one JSON object, or several, one a line, as OPENNVSCI_CAPTURE=FILE writes it for a "
    "program; - is stdin. Each has what the participants ask, and is negotiated again here and now. Nothing is "
    "allocated. Lists of other processes are reconciled as if they were this one's. Where a capture says something "
    "else than what comes out here, that is told.\n"
    "What is printed: who asks for what, what became of each key, with > before the one that decides; then why, and "
    "what to change. A suggestion says whether it was tried.\n"
    "Files to try lie in share/opennvsci/negotiations, below the prefix.\n";

constexpr const char* kCheckDetails =
    "The same as explain, on another machine: would what the participants of FILE ask reconcile there? The software "
    "device takes over what the machine's driver would say. It has GPUs of its own: --gpu puts one of them in the "
    "place "
    "of one that FILE names.\n";

constexpr const char* kExitCodes =
    "Exit code 0: every negotiation reconciles (with --apply: in the end). 1: one does not. 2: there is no answer, "
    "because of the file, the options or this machine.";

std::string check_gpu_pair(const std::string& text) {
    return GpuNames::parse(text) ? std::string() : fmt::format("'{}' must be two UUIDs, as GPU-OLD=GPU-NEW", text);
}

CLI::Option* add_common_options(CLI::App& command, ExplainOptions& options) {
    take_file(command.add_option("FILE", options.file, "The negotiation file; - is stdin"))
        ->option_text("JSON")
        ->required();
    auto* all = command.add_flag("--all", options.all, "Every participant, every key, every name");
    auto* why =
        command.add_option("--why", options.why, "Only what decided this key: its name, or the part after AttrKey_")
            ->option_text("KEY");
    auto* json = command.add_flag("--json", options.json, "Print JSON: a negotiation file with reports")
                     ->excludes(all)
                     ->excludes(why);
    auto* html = take_file(command.add_option("--html", options.html, "Write a page for a browser; - is stdout"))
                     ->option_text("PAGE");
    command.add_flag("--force", options.force, "Replace the file of --html if it is there")->needs(html);
    command.add_flag("--apply", options.apply, "Follow the suggestions, and show what comes of it");
    take_numbers(command.add_option("--only", options.only, "Only negotiation number N of the file"), 1, UINT32_MAX)
        ->option_text("N");
    command
        .add_option("--gpu", options.gpus,
                    "Who asks for the GPU OLD asks for NEW, both UUIDs as `opennvsci devices -L` shows them; may be "
                    "given several times")
        ->option_text("OLD=NEW")
        ->allow_extra_args(false)
        ->check(CLI::Validator(check_gpu_pair, ""));
    command.callback([&options, json, why] {
        if (why->count() != 0 && options.why.empty()) {
            throw CLI::ValidationError("--why needs the name of a key", CLI::ExitCodes::ValidationError);
        }
        if (options.html == "-" && (json->count() != 0 || why->count() != 0)) {
            throw CLI::ValidationError("--html - has stdout alone", CLI::ExitCodes::ValidationError);
        }
    });
    return take_file(command.add_option("--machine", options.machine,
                                        "A machine file, or the name of one that comes with the command, such as h100"))
        ->option_text("MACHINE");
}

}  // namespace

void add_explain_options(CLI::App& command, ExplainOptions& options) {
    add_common_options(command, options);
    command.footer(fmt::format("{}{}", kExplainDetails, kExitCodes));
}

void add_check_options(CLI::App& command, ExplainOptions& options) {
    add_common_options(command, options)->required();
    command.footer(fmt::format("{}{}", kCheckDetails, kExitCodes));
}

}  // namespace opennvsci::tool
