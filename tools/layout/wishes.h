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

/// What parse_format() takes, for people.
[[nodiscard]] std::string format_help();

/// "NV12", or one to three names of NvSciColor without the prefix: "Y8,V8U8".
[[nodiscard]] Result<Format> parse_format(const std::string& text);
/// "1920x1080", or one for each plane: "1920x1080,960x540".
[[nodiscard]] Result<std::vector<ImageSize>> parse_sizes(const std::string& text);
/// "Float32": a name of NvSciDataType without the prefix.
[[nodiscard]] Result<NvSciBufAttrValDataType> parse_data_type(const std::string& text);

/// The participant that asks for the buffer. Errors: words that do not go together, no such device.
[[nodiscard]] Result<Participant> wishes_of(const LayoutOptions& options);

}  // namespace opennvsci::tool
