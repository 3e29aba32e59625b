// SPDX-License-Identifier: Apache-2.0
#include "attr/list.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace opennvsci::attr {
namespace {

tl::unexpected<Error> bad_key(const Key& key, std::string_view problem) {
    return fail(NvSciError_BadParameter, fmt::format("{}: {}", key.name, problem));
}

tl::unexpected<Error> not_a_key(std::uint32_t number) {
    return fail_unmet(NvSciError_BadParameter, {"key", fmt::format("{:#x}", number), "a known one"},
                      "{found} is not a key");
}

}  // namespace

List::List(const Schema& schema) : schema_(&schema), kind_(Kind::unreconciled), writable_(true) {
    wishes_.push_back({Values(schema), {}});
}

List::List(const Schema& schema, Bytes selector_value) : List(schema) {
    wishes_.front().values.put(schema.selector(), selector_value);
}

List::List(Slot result, std::shared_ptr<const Report> report)
    : List(std::make_shared<const Slot>(std::move(result)), std::move(report)) {}

List::List(std::shared_ptr<const Slot> result, std::shared_ptr<const Report> report,
           std::shared_ptr<const Amendment> amendment)
    : schema_(&result->schema()),
      kind_(Kind::reconciled),
      writable_(false),
      result_(std::move(result)),
      report_(std::move(report)),
      amendment_(std::move(amendment)) {}

List::List(Kind kind, std::vector<Wishes> wishes, std::shared_ptr<const Report> report)
    : schema_(&wishes.front().values.schema()),
      kind_(kind),
      writable_(false),
      wishes_(std::move(wishes)),
      report_(std::move(report)) {}

List::List(const List& other)
    : schema_(other.schema_),
      kind_(other.kind_),
      writable_(other.kind_ == Kind::unreconciled &&
                (other.wishes_.size() == 1 || other.schema_->rules().writes_clones_of_several_slots)),
      wishes_(other.wishes_),
      result_(other.result_),
      report_(other.report()),
      amendment_(other.amendment_) {}

std::shared_ptr<const Report> List::report() const {
    const auto locked = maker_ == process::token() ? std::unique_lock(report_mutex_) : std::unique_lock<std::mutex>();
    return report_;
}

bool List::has_peers() const {
    const auto known = report();
    return known != nullptr && std::ranges::any_of(known->participants(), [](const Participant& participant) {
               return participant.origin.is_behind_link();
           });
}

void List::add_participants(std::span<const List* const> lists) {
    const std::lock_guard locked(report_mutex_);
    auto report = report_ != nullptr ? std::make_shared<Report>(*report_) : std::make_shared<Report>();
    std::uint32_t position = 0;
    for (const List* list : lists)
        list->report_to(*report, position++);
    report_ = std::move(report);
}

void List::report_to(Report& report, std::uint32_t position) const {
    const std::size_t slots = slot_count();
    std::uint32_t slot_number = 0;
    for_each_participant([&](const Wishes& wishes) {
        const auto participant = static_cast<std::uint32_t>(report.participants().size());
        report.add_participant({position, slot_number++, slots == 1, wishes.name, wishes.origin});
        wishes.values.for_each_set(
            [&](std::size_t key_index, Bytes value) { report.add_ask(key_index, participant, value); });
    });
}

Result<std::unique_ptr<List>> List::clone() const {
    const auto locked = lock();
    OPENNVSCI_TRY(check_copyable());
    return std::unique_ptr<List>(new List(*this));
}

Result<std::unique_ptr<List>> List::append(std::span<const List* const> lists) {
    std::vector<Wishes> all;
    for (const List* list : lists) {
        const auto locked = list->lock();
        OPENNVSCI_TRY(list->check_copyable());
        for (const Wishes& wishes : list->wishes_)
            all.push_back(wishes);
    }
    return std::make_unique<List>(Kind::unreconciled, std::move(all), nullptr);
}

Result<> List::check_copyable() const {
    const Key& selector = schema_->selector();
    const bool has_selector =
        std::all_of(wishes_.begin(), wishes_.end(), [&](const Wishes& wishes) { return wishes.values.has(selector); });
    if (has_selector || schema_->rules().copies_without_selector) return {};
    return fail(NvSciError_BadParameter, fmt::format("{} is not set", selector.name));
}

Result<> List::set_name(std::string name) {
    const auto locked = lock();
    OPENNVSCI_TRY(check_writable());
    wishes_.front().name = std::move(name);
    return {};
}

Result<Bytes> List::get(std::size_t slot, std::uint32_t key_number) const {
    const Key* key = schema_->find(key_number);
    if (key == nullptr || key->direction == Direction::internal) {
        return not_a_key(key_number);
    }
    if (is_reconciled() && key->direction == Direction::in) {
        return bad_key(*key, "an input-only key cannot be read from a reconciled list");
    }
    if (!is_reconciled() && key->direction == Direction::out && !schema_->rules().reads_outputs_of_any_list) {
        return bad_key(*key, "an output key exists in reconciled lists only");
    }
    if (slot >= slot_count()) {
        return fail(NvSciError_BadParameter,
                    fmt::format("slot {} does not exist: the list has {} slots", slot, slot_count()));
    }
    if (!writable_) return values(slot).get(*key);  // it never changes
    const auto locked = lock();
    return values(slot).get(*key);
}

std::string List::text() const {
    const auto locked = lock();
    std::string out;
    for (std::size_t i = 0; i < slot_count(); ++i) {
        if (!is_reconciled()) {
            const Wishes& wishes = wishes_[i];
            const bool is_remote = !wishes.origin.is_this_process();
            const std::string name = is_remote ? origin_text(wishes.origin, wishes.name) : wishes.name;
            if (slot_count() > 1 || is_remote) out += fmt::format("slot {} {}\n", i + 1, name);
        }
        values(i).for_each_set([&](std::size_t key_index, Bytes value) {
            const Key& key = schema_->keys()[key_index];
            out += fmt::format("{} = {}\n", key.name, key.text(value));
        });
    }
    return out;
}

Result<> List::check_writable() const {
    if (writable_) return {};
    return fail(NvSciError_BadParameter, is_reconciled() ? "the list is reconciled and cannot be changed"
                                                         : "the list is read-only (appended, imported or conflict)");
}

// Copies a pair into `given` and checks the copy.
Result<> List::take(const KeyValue& pair, Setter setter, GivenPairs& given) const {
    const Key* key = schema_->find(pair.key);
    if (key == nullptr || (key->direction == Direction::internal && setter == Setter::program)) {
        return not_a_key(pair.key);
    }
    const std::size_t index = schema_->index_of(*key);
    if (key->direction == Direction::out) return bad_key(*key, "an output-only key cannot be set");
    if (written_.test(index)) return bad_key(*key, "already set; a key can be set once");
    if (given.keys().test(index)) return bad_key(*key, "given twice in one call");
    if (pair.value == nullptr) return bad_key(*key, "the value is NULL");
    if (!key->fits(pair.size)) {
        const std::string count =
            key->max_count == 1 ? "" : fmt::format(" for each of 1 to {} elements", key->max_count);
        return fail_unmet(NvSciError_BadParameter,
                          {key->name, fmt::format("{} {}", pair.size, pair.size == 1 ? "byte" : "bytes"),
                           fmt::format("{}{} ({})", key->type->size, count, key->type->name)},
                          "{what}: the value has {found}, and must have {needed}");
    }
    const Bytes value = given.add(*key, index, pair.value, pair.size);
    if (!schema_->rules().checks_values_when_set || key->is_legal(value)) return {};
    return bad_key(*key, key->illegal_text(value));
}

Result<> List::put(const GivenPairs& given) {
    Values& values = wishes_.front().values;
    // The selecting key may stand behind the keys that need it, so it is looked for first.
    Bytes selector_value = values.get(schema_->selector());
    for (const GivenPairs::Pair& pair : given.pairs()) {
        if (pair.key == &schema_->selector()) selector_value = pair.value();
    }
    for (const GivenPairs::Pair& pair : given.pairs())
        OPENNVSCI_TRY(check_group(*pair.key, selector_value));
    for (const GivenPairs::Pair& pair : given.pairs())
        values.put(*pair.key, pair.value());
    written_ |= given.keys();
    return {};
}

Result<> List::check_group(const Key& key, Bytes selector_value) const {
    if (Schema::is_in_groups(key, schema_->groups_of(selector_value))) return {};
    return bad_key(key, fmt::format("needs a matching {}, which is {}", schema_->selector().name,
                                    schema_->selector().text(selector_value)));
}

}  // namespace opennvsci::attr
