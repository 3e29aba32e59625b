// SPDX-License-Identifier: Apache-2.0
#include "layout/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "arguments.h"
#include "layout/wishes.h"

namespace opennvsci::tool {
namespace {

using Types = std::vector<std::string>;

constexpr const char* kDetails =
    "The buffer is negotiated as for a program, with one participant, so the layout is what a program gets; nothing is "
    "allocated. Without --gpu no GPU takes part and none is needed.\n"
    "Names may be in capitals or not. Bytes may have a unit, a power of 1024: 64k, 1M, 1MiB.\n"
    "Offsets, pitches and sizes are bytes; aligned heights are rows, of one field; block heights are GOBs, each 64 "
    "bytes by 8 rows.\n"
    "\n"
    "Example:\n"
    "  opennvsci layout --type image --format NV12 --size 1920x1080 --layout block-linear --svg nv12.svg\n"
    "\n"
    "Exit code 1, with the reason, if the negotiation refuses the buffer.";

std::string mistake_in_size(const std::string& text) {
    const auto size = parse_size(text);
    return size ? std::string{} : size.error().text;
}

// An option of some types of buffers only, of which some cannot do without it.
struct TypeOption {
    CLI::Option* option;
    Types types;
    Types needed_by;
};

bool has(const Types& types, const std::string& type) {
    return std::find(types.begin(), types.end(), type) != types.end();
}

// Errors, as CLI11 has them: options that the type of the buffer has no use for; options that it needs.
void check_options(const std::vector<TypeOption>& options, const std::string& type) {
    std::vector<std::string> missing;
    for (const auto& [option, types, needed_by] : options) {
        if (option->count() != 0 && !has(types, type)) {
            throw CLI::ValidationError(option->get_name(),
                                       fmt::format("is for --type {} only, not for {}", fmt::join(types, ", "), type));
        }
        if (option->count() == 0 && has(needed_by, type)) missing.push_back(option->get_name());
    }
    if (!missing.empty()) {
        throw CLI::ValidationError(fmt::format("--type {} needs {}", type, fmt::join(missing, ", ")),
                                   CLI::ExitCodes::RequiredError);
    }
}

}  // namespace

void add_layout_options(CLI::App& command, LayoutOptions& options) {
    take_names(command.add_option("--type", options.type,
                                  fmt::format("Type of the buffer: {}", fmt::join(buffer_type_names(), ", "))),
               buffer_type_names())
        ->option_text("TYPE")
        ->required();
    command.add_flag("--cpu", options.cpu, "The CPU takes part");
    take_numbers(
        command.add_option("--gpu", options.gpu, "The GPU of this ordinal takes part; without N the first one")
            ->option_text("[N]")
            ->expected(0, 1)
            ->default_str("0"),
        0, kGreatestOrdinal);
    auto* json = command.add_flag("--json", options.json, "Print JSON");
    auto* svg =
        take_file(command.add_option("--svg", options.svg,
                                     "Draw the memory map to scale into this file; - is stdout, which has only the "
                                     "drawing then"))
            ->option_text("FILE");
    command.add_flag("--force", options.force, "Replace the file of --svg if it is there")->needs(svg);

    std::vector<TypeOption> of_types;
    const auto only_for = [&of_types](Types types, Types needed_by, CLI::Option* option) {
        option->group(fmt::format("For --type {}", fmt::join(types, ", ")));
        of_types.push_back({option, std::move(types), std::move(needed_by)});
        return option;
    };
    const Types images{"image", "pyramid"};
    take_names(
        only_for(images, images,
                 command.add_option("--format", options.formats,
                                    fmt::format("A surface: {}; or the formats of up to three planes, as NvSciColor "
                                                "names them: Y8,V8U8",
                                                surface_names()))),
        format_names(), no_format())
        ->option_text("NAME[,...]")
        ->delimiter(',');
    only_for(images, images,
             command.add_option("--size", options.sizes, "Width and height in pixels; several: of each plane"))
        ->option_text("WxH[,...]")
        ->delimiter(',')
        ->check(CLI::Validator(mistake_in_size, ""));
    take_names(
        only_for(images, images, command.add_option("--layout", options.arrangement, "block-linear or pitch-linear")),
        {"block-linear", "pitch-linear"}, "neither block-linear nor pitch-linear")
        ->option_text("LAYOUT");
    only_for(images, {}, command.add_flag("--interlaced", options.interlaced, "Two fields in every plane"));
    take_bytes(
        only_for(images, {},
                 command.add_option("--plane-align", options.plane_align, "Alignment of each plane's start, bytes")),
        1, UINT32_MAX)
        ->option_text("N[,...]")
        ->delimiter(',');
    take_numbers(only_for({"pyramid"}, {"pyramid"}, command.add_option("--levels", options.levels, "Number of levels")),
                 1, NV_SCI_BUF_PYRAMID_MAX_LEVELS)
        ->option_text("N");
    only_for({"pyramid"}, {},
             command.add_option("--scale", options.scale, "Of each level to the one before (default 0.5)"))
        ->option_text("X");
    take_numbers(only_for({"tensor"}, {"tensor"},
                          command.add_option("--dims", options.dims, "Elements per dimension, outermost first")),
                 1, UINT64_MAX)
        ->option_text("N[,...]")
        ->delimiter(',');
    take_names(only_for({"tensor", "array"}, {"tensor", "array"},
                        command.add_option("--data-type", options.data_type,
                                           fmt::format("Type of an element: {}", fmt::join(data_type_names(), ", ")))),
               data_type_names())
        ->option_text("NAME");
    take_bytes(
        only_for({"array"}, {"array"}, command.add_option("--stride", options.stride, "Bytes from element to element")),
        1, UINT64_MAX)
        ->option_text("N");
    take_numbers(
        only_for({"array"}, {"array"}, command.add_option("--capacity", options.capacity, "Number of elements")), 1,
        UINT64_MAX)
        ->option_text("N");
    take_bytes(only_for({"raw"}, {"raw"}, command.add_option("--bytes", options.bytes, "Size")), 1, UINT64_MAX)
        ->option_text("N");
    take_bytes(only_for({"tensor", "raw"}, {},
                        command.add_option("--align", options.align,
                                           "Alignment in bytes: of every dimension of a tensor, of a raw buffer's "
                                           "start")),
               1, UINT32_MAX)
        ->option_text("N[,...]")
        ->delimiter(',');

    command.footer(kDetails);
    command.callback([&options, json, of_types = std::move(of_types)] {
        check_options(of_types, options.type);
        if (options.svg == "-" && json->count() != 0) {
            throw CLI::ValidationError("--json and --svg - cannot both have stdout", CLI::ExitCodes::ValidationError);
        }
    });
}

}  // namespace opennvsci::tool
