// SPDX-License-Identifier: Apache-2.0
#include "variables.h"

namespace opennvsci::tool {

std::span<const Variable> variables() {
    // tests/tools/check_variables compares the names with those that the sources read.
    static constexpr Variable kVariables[] = {
        {"OPENNVSCI_DEVICE", "auto",
         "auto: the GPU; without a driver or a device, with a line on stderr, the software device. gpu, soft: only "
         "that"},
        {"OPENNVSCI_INTERPOSE", "1",
         "0: the program's calls of the driver are left alone; only nvscicuda.h imports objects"},
        {"OPENNVSCI_LOG", "notice",
         "what is printed on stderr: error, warning, notice, info or debug, each with those before it; or none"},
        {"OPENNVSCI_TRACE", "none", "file that each process appends a trace of its calls to, for Perfetto"},
        {"OPENNVSCI_CAPTURE", "none", "file to whose end each negotiation is written, for opennvsci explain"},
        {"OPENNVSCI_IPC_CFG", "opennvsci/nvsciipc.cfg in $XDG_CONFIG_HOME or ~/.config, /etc/nvsciipc.cfg, built in",
         "file with the channels of NvSciIpc"},
        {"OPENNVSCI_RUNTIME_DIR", "$XDG_RUNTIME_DIR/opennvsci, else /tmp/opennvsci-UID",
         "folder in which endpoints of different processes meet"},
        {"OPENNVSCI_IPC_ALLOWED_UIDS", "none",
         "users besides one's own that may be at the other end, numbers with commas between"},
        {"OPENNVSCI_INSPECT", "0", "1: the program answers `opennvsci objects` of the same user"},
        {"OPENNVSCI_SOFT_DEVICES", "1", "number of software devices, 1 to 16"},
        {"OPENNVSCI_SOFT_MEMORY", "4294967296", "memory of each software device in bytes"},
        {"OPENNVSCI_SOFT_MACHINE", "none",
         "machine file, as devices --json writes it: the software devices are those that it describes"},
    };
    return kVariables;
}

}  // namespace opennvsci::tool
