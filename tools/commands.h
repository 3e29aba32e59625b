// SPDX-License-Identifier: Apache-2.0
//
// The commands of the tool, behind their options.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "result.h"

namespace opennvsci::tool {

struct DevicesOptions {
    bool json = false;
    bool list = false;             ///< a line per device
    bool is_vulkan_probe = false;  ///< be the process that asks Vulkan, and print what it says
};
/// Prints the driver in use and its devices, and those of Vulkan.
[[nodiscard]] Result<> devices(const DevicesOptions& options);

struct IpcOptions {
    bool json = false;
};
/// Prints the channels of NvSciIpc and who has them open.
[[nodiscard]] Result<> ipc(const IpcOptions& options);

struct ObjectsOptions {
    std::int64_t pid = 0;  ///< 0: all processes
    bool json = false;
};
/// Prints what the processes of this user hold that agreed to be asked.
[[nodiscard]] Result<> objects(const ObjectsOptions& options);

struct ConfigOptions {
    bool json = false;
};
/// Prints the environment variables that are read.
[[nodiscard]] Result<> config(const ConfigOptions& options);

struct DoctorOptions {
    std::string program;  ///< empty: only the machine
    bool json = false;
    bool is_probe = false;  ///< be the process that asks the driver, and print what it says
};
/// Prints what is wrong here, with remedies; fails, without a text, if something is.
[[nodiscard]] Result<> doctor(const DoctorOptions& options);

struct DemoOptions {
    std::filesystem::path input;   ///< empty: the picture that comes with the tool
    std::filesystem::path output;  ///< empty: one in the temporary folder
    bool force = false;            ///< an output that is there is replaced
    std::string device;            ///< an ordinal, "soft", or empty for the first device

    bool two_processes = false;  ///< a camera process and a vision process instead
    std::uint32_t frames = 200;  ///< that go around between them
    std::string role;            ///< "camera" or "vision": be that process
};
/// A picture goes through two negotiated buffers and comes out gray, or frames go from one process to another; fails
/// unless every promise on the way held.
[[nodiscard]] Result<> demo(const DemoOptions& options);

/// A buffer as the command line describes it. What is not there is not asked for, and the reconciliation says what is
/// missing.
struct LayoutOptions {
    std::string type;  ///< image, pyramid, tensor, array or raw

    std::vector<std::string> formats;        ///< a surface, or the format of each plane: of format_names()
    std::vector<std::string> sizes;          ///< as parse_size() takes it: one, or one for each plane
    std::string arrangement;                 ///< block-linear or pitch-linear
    bool interlaced = false;                 ///< both fields in every plane
    std::vector<std::uint32_t> plane_align;  ///< bytes, for each plane
    std::optional<std::uint32_t> levels;
    float scale = 0.5F;

    std::vector<std::uint64_t> dims;
    std::string data_type;             ///< of data_type_names()
    std::vector<std::uint64_t> align;  ///< bytes: of every dimension of a tensor, or one for a raw buffer
    std::optional<std::uint64_t> stride;
    std::optional<std::uint64_t> capacity;
    std::optional<std::uint64_t> bytes;

    bool cpu = false;
    std::optional<std::size_t> gpu;  ///< ordinal

    bool json = false;
    std::filesystem::path svg;  ///< empty: no drawing; "-": on stdout, and nothing else there
    bool force = false;         ///< a drawing that is there is replaced
};
/// Reconciles the buffer and prints, and draws, its layout.
[[nodiscard]] Result<> layout(const LayoutOptions& options);

struct ExplainOptions {
    std::string file;  ///< a negotiation file; "-": stdin
    bool all = false;  ///< everybody and every key
    std::string why;   ///< only this key; empty: all
    bool json = false;
    std::filesystem::path html;     ///< empty: no page; "-": on stdout, and nothing else there
    bool force = false;             ///< a page that is there is replaced
    bool apply = false;             ///< the suggestions are followed
    std::size_t only = 0;           ///< the number of the negotiation in the file, from 1; 0: all
    std::string machine;            ///< a machine file, or the name of one; empty: this machine
    std::vector<std::string> gpus;  ///< "OLD=NEW": who asks for the GPU OLD asks for NEW instead
};
/// Makes the negotiations of a file again and prints why they end as they do; true if all reconcile. Errors: there is
/// no answer.
[[nodiscard]] Result<bool> explain(const ExplainOptions& options);

struct RunOptions {
    std::string device;  ///< auto, gpu, soft, or empty to leave the environment as it is
    std::vector<std::string> command;
};
/// Becomes the program. Returns only if that fails.
[[nodiscard]] Error run(const RunOptions& options);

}  // namespace opennvsci::tool
