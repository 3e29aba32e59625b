// SPDX-License-Identifier: Apache-2.0
#include "api/lists.h"

#include <fmt/format.h>

#include <algorithm>

#include "buf/keys.h"
#include "sync/keys.h"

namespace opennvsci::api {
namespace {

using Kind = attr::List::Kind;

const char* kind_name(Kind kind) noexcept {
    switch (kind) {
        case Kind::unreconciled:
            return "an unreconciled list";
        case Kind::reconciled:
            return "a reconciled list";
        case Kind::conflict:
            return "a conflict list";
    }
    return "";
}

const attr::Key* known(const attr::Schema& schema, std::uint32_t number) {
    const attr::Key* const key = schema.find(number);
    return key != nullptr && key->direction != attr::Direction::internal ? key : nullptr;
}

// Whether a program can have meant this key by the pair.
bool suits(const attr::Key& key, const attr::KeyValue& pair) {
    return key.can_be_asked() && key.fits(pair.size);
}

}  // namespace

tl::unexpected<Error> bad_count(std::string_view what, size_t count, size_t most) {
    return fail_unmet(NvSciError_BadParameter,
                      {std::string(what), fmt::format("{} elements", count), fmt::format("1 to {}", most)},
                      "{what} has {found} by its count, and must have {needed}");
}

Error with_other_library(Error error, const attr::Schema& schema, const attr::KeyValue& pair) {
    const bool is_buf = &schema == &buf::schema();
    const char* const own_library = is_buf ? "NvSciBuf" : "NvSciSync";
    const char* const other_library = is_buf ? "NvSciSync" : "NvSciBuf";
    const attr::Key* const own = known(schema, pair.key);
    const attr::Key* const other = known(is_buf ? sync::schema() : buf::schema(), pair.key);
    if (other == nullptr) return error;
    if (own == nullptr) {
        return fail_unmet(error.code,
                          {fmt::format("key {:#x}", pair.key), fmt::format("{} of {}", other->name, other_library),
                           fmt::format("one of {}", own_library)},
                          "{what} is {found}, and must be {needed}: the list is of that library", error.cuda)
            .value();
    }
    if (suits(*own, pair) || !suits(*other, pair)) return error;
    error.text += fmt::format("; as a key of {} this number is {}", other_library, other->name);
    return error;
}

tl::unexpected<Error> not_reconciled(attr::List::Kind found, std::string_view what) {
    return fail_unmet(NvSciError_BadParameter, {std::string(what), kind_name(found), kind_name(Kind::reconciled)},
                      "{what} is {found}, and must be {needed}");
}

std::string UnreconciledLists::name_of(const attr::List& list, size_t place) {
    std::string name;
    if (list.slot_count() == 1) list.for_each_participant([&](const attr::Wishes& wishes) { name = wishes.name; });
    return name.empty() ? fmt::format("list {}", place) : name;
}

// Room is made list by list: a count that is wrong ends at the first element that is no list.
Result<> UnreconciledLists::add(ListTable& table, std::uint64_t handle, size_t count) {
    const size_t place = refs_.size() + 1;
    auto ref = table.acquire(handle);
    if (!ref) return not_alive(table.kind(), handle, fmt::format("list {} of {}", place, count));
    const attr::List& list = *(*ref)->list;
    if (list.kind() != Kind::unreconciled) {
        return fail_unmet(NvSciError_BadParameter,
                          {fmt::format("list {}", place), kind_name(list.kind()), kind_name(Kind::unreconciled)},
                          "{what} is {found}, and must be {needed}");
    }
    if (!refs_.empty() && (*ref)->module != module()) {
        return fail_unmet(NvSciError_BadParameter,
                          {name_of(list, place), "another one", "that of " + name_of(*(*refs_.front())->list, 1)},
                          "the module of {what} is {found}, and must be {needed}");
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
