// SPDX-License-Identifier: Apache-2.0
#include "api/lists.h"

#include <fmt/format.h>

#include <algorithm>

namespace opennvsci::api {

tl::unexpected<Error> bad_count(std::string_view what, size_t count, size_t most) {
    return fail(NvSciError_BadParameter,
                fmt::format("{} has {} elements by its count, and must have 1 to {}", what, count, most));
}

// Room is made list by list: a count that is wrong ends at the first element that is no list.
Result<> UnreconciledLists::add(ListTable& table, std::uint64_t handle, size_t count) {
    const size_t place = refs_.size() + 1;
    auto ref = table.acquire(handle);
    if (!ref) return not_alive(handle, fmt::format("list {} of {}", place, count));
    if ((*ref)->list->kind() != attr::List::Kind::unreconciled) {
        return fail(NvSciError_BadParameter, fmt::format("list {} is not an unreconciled list", place));
    }
    if (!refs_.empty() && (*ref)->module != module()) {
        return fail(NvSciError_BadParameter, fmt::format("list {} belongs to another module than list 1", place));
    }
    refs_.push_back(std::move(ref));
    return {};
}

Result<> UnreconciledLists::check_distinct(NvSciError given_twice) const {
    std::vector<const attr::List*> all = lists();
    std::sort(all.begin(), all.end());
    if (std::adjacent_find(all.begin(), all.end()) == all.end()) return {};
    return fail(given_twice, "the same list is given twice");
}

std::vector<const attr::List*> UnreconciledLists::lists() const {
    std::vector<const attr::List*> all;
    all.reserve(refs_.size());
    for (const ListRef& ref : refs_)
        all.push_back((*ref)->list.get());
    return all;
}

std::vector<attr::Wishes> UnreconciledLists::slots() const {
    std::vector<attr::Wishes> all;
    for (const ListRef& ref : refs_)
        (*ref)->list->for_each_participant([&](const attr::Wishes& wishes) { all.push_back(wishes); });
    return all;
}

}  // namespace opennvsci::api
