// SPDX-License-Identifier: Apache-2.0
//
// Does what the suggestions of a report (opennvsci.h) say, as a program would that only has the lists: it makes new
// ones of what the old ones ask, with the changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "handles.h"
#include "opennvsci.h"

namespace opennvsci::test {

struct Change {
    std::size_t list;  ///< whose, in the order of the call
    std::uint32_t key;
    OpenNvSciChangeKind kind;
    std::vector<std::byte> value;
};

/// A suggestion; a copy, because the report of a refusal goes with the next one.
struct Advice {
    std::uint32_t key;
    OpenNvSciOutcome outcome;
    OpenNvSciTrial trial;
    std::string text;
    std::string then;
    std::vector<Change> changes;
};

/// The suggestions of the report of lists with one slot each.
inline std::vector<Advice> advice_of(const OpenNvSciReport& report) {
    std::vector<Advice> all;
    for (const OpenNvSciDecision& decision : std::span(report.decisions, report.decisionCount)) {
        for (const OpenNvSciSuggestion& suggestion : std::span(decision.suggestions, decision.suggestionCount)) {
            Advice advice{decision.key, decision.outcome, suggestion.trial, suggestion.text, suggestion.then, {}};
            for (const OpenNvSciChange& change : std::span(suggestion.changes, suggestion.changeCount)) {
                const auto* const value = static_cast<const std::byte*>(change.value);
                advice.changes.push_back({report.participants[change.participant].list,
                                          change.key,
                                          change.kind,
                                          {value, value + change.len}});
            }
            all.push_back(std::move(advice));
        }
    }
    return all;
}

/// What a participant asks after `changes`, which are its own; false if it takes no part any more. `Key` is
/// NvSciBufAttrKey or NvSciSyncAttrKey, `keys` are all keys of it.
template <class Key>
bool change_list(typename Library<Key>::List& changed, typename Library<Key>::Handle list,
                 typename Library<Key>::Module module, std::span<const OpenNvSciKey> keys,
                 const std::vector<Change>& changes) {
    std::vector<typename Library<Key>::Pair> pairs;
    for (const OpenNvSciKey& key : keys) {
        if (key.direction == OpenNvSciDirection_Out) continue;
        typename Library<Key>::Pair pair{static_cast<Key>(key.number), nullptr, 0};
        if (Library<Key>::get(list, &pair, 1) != kSuccess) pair.len = 0;
        for (const Change& change : changes) {
            if (change.kind == OpenNvSciChangeKind_LeaveApart) return false;
            if (change.key == key.number)
                pair = {static_cast<Key>(key.number), change.value.data(), change.value.size()};
        }
        if (pair.len != 0) pairs.push_back(pair);
    }
    changed = create_list(module);
    const NvSciError code = pairs.empty() ? kSuccess : Library<Key>::set(changed, pairs.data(), pairs.size());
    EXPECT_EQ(code, kSuccess) << opennvsciGetLastErrorText();
    return true;
}

/// The lists after the changes of `advice`.
template <class Key>
std::vector<typename Library<Key>::List> follow(const Advice& advice,
                                                const std::vector<typename Library<Key>::Handle>& lists,
                                                typename Library<Key>::Module module,
                                                std::span<const OpenNvSciKey> keys) {
    std::vector<typename Library<Key>::List> followed;
    for (std::size_t i = 0; i < lists.size(); ++i) {
        std::vector<Change> own;
        for (const Change& change : advice.changes) {
            if (change.list == i) own.push_back(change);
        }
        typename Library<Key>::List changed;
        if (change_list<Key>(changed, lists[i], module, keys, own)) followed.push_back(std::move(changed));
    }
    return followed;
}

}  // namespace opennvsci::test
