// SPDX-License-Identifier: Apache-2.0
#include "layout/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "layout/wishes.h"

namespace opennvsci::tool {
namespace {

using Types = std::vector<std::string>;

constexpr const char* kDetails =
    "The buffer is negotiated as for a program, with one participant, so the layout is what a program gets; nothing is "
    "allocated. Without --gpu no GPU takes part and none is needed.\n"
    "Offsets, pitches and sizes are bytes; aligned heights are rows, of one field; block heights are GOBs, each 64 "
    "bytes "
    "by 8 rows.\n"
    "Example: opennvsci layout --type image --format NV12 --size 1920x1080 --layout block-linear --svg nv12.svg\n"
    "Exit code 1, with the reason, if the negotiation refuses the buffer.";

/// The mistake that a parser finds in a text, or an empty one.
template <auto Parse>
std::string mistake_in(const std::string& text) {
    const auto parsed = Parse(text);
    return parsed ? std::string{} : parsed.error().text;
}

// An option of some types of buffers only.
struct TypeOption {
    CLI::Option* option;
    Types types;
};

}  // namespace

void add_layout_options(CLI::App& command, LayoutOptions& options) {
    command.add_option("--type", options.type, "Type of the buffer")
        ->required()
        ->check(CLI::IsMember({"image", "pyramid", "tensor", "array", "raw"}));
    command.add_flag("--cpu", options.cpu, "The CPU takes part");
    command.add_option("--gpu", options.gpu, "The GPU of this ordinal takes part; without N the first one")
        ->option_text("[N]")
        ->check(CLI::NonNegativeNumber)
        ->expected(0, 1)
        ->default_str("0");
    command.add_flag("--json", options.json, "Print JSON");
    command.add_option("--svg", options.svg, "Draw the memory map to scale into this file")->option_text("FILE");

    std::vector<TypeOption> of_types;
    const auto only_for = [&of_types](Types types, CLI::Option* option) {
        option->group(fmt::format("For --type {}", fmt::join(types, ", ")));
        of_types.push_back({option, std::move(types)});
        return option;
    };
    const Types images{"image", "pyramid"};
    only_for(images, command.add_option("--format", options.format, format_help()))
        ->option_text("NAME[,...]")
        ->check(CLI::Validator(mistake_in<parse_format>, "", "format"));
    only_for(images, command.add_option("--size", options.size, "Width and height in pixels; several: of each plane"))
        ->option_text("WxH[,...]")
        ->check(CLI::Validator(mistake_in<parse_sizes>, "", "size"));
    only_for(images, command.add_option("--layout", options.arrangement, "block-linear or pitch-linear"))
        ->option_text("LAYOUT")
        ->check(CLI::IsMember({"block-linear", "pitch-linear"}));
    only_for(images, command.add_flag("--interlaced", options.interlaced, "Two fields in every plane"));
    only_for(images, command.add_option("--plane-align", options.plane_align, "Alignment of each plane's start, bytes"))
        ->option_text("N[,...]")
        ->delimiter(',')
        ->check(CLI::NonNegativeNumber);
    only_for({"pyramid"}, command.add_option("--levels", options.levels, "Number of levels"))
        ->option_text("N")
        ->check(CLI::NonNegativeNumber);
    only_for({"pyramid"}, command.add_option("--scale", options.scale, "Of each level to the one before (default 0.5)"))
        ->option_text("X");
    only_for({"tensor"}, command.add_option("--dims", options.dims, "Elements per dimension, outermost first"))
        ->option_text("N[,...]")
        ->delimiter(',')
        ->check(CLI::NonNegativeNumber);
    only_for({"tensor", "array"},
             command.add_option("--data-type", options.data_type, "Type of an element: Int8, Float16, Float32 ..."))
        ->option_text("NAME")
        ->check(CLI::Validator(mistake_in<parse_data_type>, "", "data type"));
    only_for({"array"}, command.add_option("--stride", options.stride, "Bytes from element to element"))
        ->option_text("N")
        ->check(CLI::NonNegativeNumber);
    only_for({"array"}, command.add_option("--capacity", options.capacity, "Number of elements"))
        ->option_text("N")
        ->check(CLI::NonNegativeNumber);
    only_for({"raw"}, command.add_option("--bytes", options.bytes, "Size"))
        ->option_text("N")
        ->check(CLI::NonNegativeNumber);
    only_for({"tensor", "raw"},
             command.add_option("--align", options.align,
                                "Alignment in bytes: of every dimension of a tensor, of a raw buffer's start"))
        ->option_text("N[,...]")
        ->delimiter(',')
        ->check(CLI::NonNegativeNumber);

    command.footer(kDetails);
    command.callback([&options, of_types = std::move(of_types)] {
        for (const auto& [option, types] : of_types) {
            if (option->count() == 0 || std::count(types.begin(), types.end(), options.type) != 0) continue;
            throw CLI::ValidationError(option->get_name(), fmt::format("is for --type {} only, not for {}",
                                                                       fmt::join(types, ", "), options.type));
        }
    });
}

}  // namespace opennvsci::tool
