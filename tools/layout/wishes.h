// SPDX-License-Identifier: Apache-2.0
//
// The words of `opennvsci layout` and the attributes that they stand for.
#pragma once

#include <string>
#include <vector>

#include "commands.h"
#include "negotiation.h"

namespace opennvsci::tool {

/// A surface by the name that people use for it.
struct SurfaceFormat {
    const char* name;
    NvSciBufSurfMemLayout layout;
    NvSciBufSurfSampleType sampling;
    NvSciBufSurfBPC bits;
    NvSciBufSurfComponentOrder order;
};

/// What --format names: a surface, or else the colour format of every plane.
struct Format {
    const SurfaceFormat* surface = nullptr;
    std::vector<NvSciBufAttrValColorFmt> planes;
};

struct ImageSize {
    std::uint32_t width;
    std::uint32_t height;
};

/// image, pyramid and so on.
[[nodiscard]] std::vector<std::string> buffer_type_names();
/// The surfaces, for people: "NV12, NV21, ...".
[[nodiscard]] std::string surface_names();
/// What names a format: the surfaces, and every NvSciColor without the prefix.
[[nodiscard]] std::vector<std::string> format_names();
/// What a name is that is not among them: "neither an NvSciColor nor one of NV12, ...".
[[nodiscard]] std::string no_format();
/// Every NvSciDataType without the prefix.
[[nodiscard]] std::vector<std::string> data_type_names();

/// One of the surfaces, or one to three formats of planes. Errors: a surface beside something else; too many.
[[nodiscard]] Result<Format> parse_formats(const std::vector<std::string>& names);
/// "1920x1080". Errors: something else; a side that no image has.
[[nodiscard]] Result<ImageSize> parse_size(const std::string& text);

/// The participant that asks for the buffer. Errors: words that do not go together, no such device.
[[nodiscard]] Result<Participant> wishes_of(const LayoutOptions& options);

}  // namespace opennvsci::tool
