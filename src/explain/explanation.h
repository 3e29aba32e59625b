// SPDX-License-Identifier: Apache-2.0
//
// Explanation: how a negotiation is told, whoever reads it: what each participant asked for, what became of each key
// and why, which one decided, and what would avoid it, tried. Text (explain/text.h), JSON (explain/json.h) and the
// public interface say what stands here. It holds copies and the report, so it outlives the lists.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attr/trial.h"

namespace opennvsci::explain {

/// A library as explanations need it.
struct Library {
    const char* name;  ///< "NvSciBuf"
    const attr::Schema& (*schema)();
    attr::Reconcile reconcile;
};

struct Ask {
    std::uint32_t participant;
    attr::Bytes value;  ///< in the report
    std::string text;
};

/// What became of one key.
struct Line {
    const attr::Key* key;
    std::optional<attr::Outcome> outcome;  ///< none: something was refused before its turn came
    std::vector<Ask> asks;
    attr::Bytes granted;  ///< in the result; empty if it has none
    std::string granted_text;
    const attr::Decision* decision;  ///< in the report, or in the list; null without an outcome
    std::string reason;              ///< its words, with who brought about what they say
    std::vector<attr::Advice> advice;
};

enum class Verdict : std::uint8_t {
    granted,   ///< reconciled, and nothing that was asked is missing
    weakened,  ///< reconciled, without a wish
    refused,
};
[[nodiscard]] const char* verdict_name(Verdict verdict) noexcept;

struct Explanation {
    const Library* library;
    std::shared_ptr<const attr::Report> report;
    std::shared_ptr<const attr::Slot> result;  ///< null after a refusal
    std::shared_ptr<const attr::Amendment> amendment;
    std::vector<std::string> participants;  ///< as texts name them
    std::vector<Line> lines;                ///< of every key that was asked for or decided, in the order of the keys
    Verdict verdict;
    std::optional<std::size_t> deciding;  ///< the line that says most: the refusal, else the first denial
    std::string summary;                  ///< one line, whose counts add up
    std::string conclusion;               ///< one sentence
};

/// How suggestions are tried.
enum class Trying : std::uint8_t {
    freely,   ///< with all that reconciling does
    quietly,  ///< as far as no driver has to be loaded, and no context made, for it: nobody asked
};

/// The ways out of the decision on the key at `key_index`, tried.
[[nodiscard]] std::vector<attr::Advice> try_advice(const Library& library, const attr::Report& report,
                                                   std::size_t key_index, Trying how);

/// Explains the negotiation of `report`, which was refused unless `list` is the reconciled list that came of it; `list`
/// may be null, and so may `failure`, that of the call. `library` lives as long as the program.
[[nodiscard]] Explanation explain(const Library& library, std::shared_ptr<const attr::Report> report,
                                  const attr::List* list, const Error* failure, Trying how);

/// A way out for `key`, and what came of trying it: "ask WaitOnly in display (tried: it reconciles when display asks
/// WaitOnly)".
[[nodiscard]] std::string advice_text(const attr::Schema& schema, const attr::Report& report, const attr::Key& key,
                                      const attr::Advice& advice);

}  // namespace opennvsci::explain
