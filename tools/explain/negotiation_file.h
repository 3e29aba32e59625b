// SPDX-License-Identifier: Apache-2.0
//
// Negotiation files (docs/explain.md): what participants ask, written by hand, or captured in a program together with
// what came of it there. Everything in them is hostile until it is checked.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "explain/gpu_names.h"
#include "explain/interface.h"
#include "output.h"
#include "result.h"

namespace opennvsci::tool {

struct Wish {
    const OpenNvSciKey* key;
    std::vector<std::byte> value;
    std::string place;  ///< where it stands: "FILE:3: participants[1].asks.KEY"
};

struct Wishes {
    std::string name;  ///< empty: the list has none
    std::string peer;  ///< the endpoint by which the list came from another process; empty: it did not
    std::vector<Wish> wishes;
    std::string place;       ///< "FILE:2: participants[1]"
    bool is_vulkan = false;  ///< the list speaks for a Vulkan device
};

/// What was decided about a key, as a report in JSON names it.
struct RecordedDecision {
    std::string key;
    std::string outcome;
    std::string granted;  ///< the text of the value
};

/// How a captured negotiation ended.
struct RecordedEnd {
    std::string outcome;       ///< "granted", "weakened" or "refused"
    std::string deciding_key;  ///< empty: none
    std::vector<RecordedDecision> decisions;
};

/// The decisions of a report in JSON. What is none, because of its types, is left out.
[[nodiscard]] std::vector<RecordedDecision> decisions_in(const Json& report);

struct Negotiation {
    const Interface* interface;
    std::vector<Wishes> participants;
    Json origin;  ///< the members "call", "process" and "time", as they are in the file
    std::optional<RecordedEnd> recorded;
    std::size_t number;  ///< in the file, from 1
    std::string place;   ///< "FILE:1"
};

struct NegotiationFile {
    std::string name;  ///< as texts call it
    std::vector<Negotiation> negotiations;
    std::size_t count = 0;              ///< of the negotiations in it, with those that cannot be read
    std::vector<std::string> mistakes;  ///< what is wrong with those, with the place
};

/// Reads a file, or stdin if it is "-". With `only`, a number from 1, the other negotiations are left out. Who asks for
/// a GPU that `gpus` replaces asks for the new one. Errors: it cannot be read; what is wrong in it, with the place, if
/// no negotiation is left.
[[nodiscard]] Result<NegotiationFile> read_negotiations(const std::string& path, std::size_t only = 0,
                                                        GpuNames gpus = {});

}  // namespace opennvsci::tool
