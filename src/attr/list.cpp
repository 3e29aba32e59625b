// SPDX-License-Identifier: Apache-2.0
#include "attr/list.h"

#include <fmt/format.h>

#include <algorithm>

namespace opennvsci::attr {
namespace {

tl::unexpected<Error> bad_key(const Key& key, std::string_view problem) {
    return fail(NvSciError_BadParameter, fmt::format("{}: {}", key.name, problem));
}

}  // namespace

List::List(const Schema& schema) : schema_(&schema), kind_(Kind::unreconciled), writable_(true) {
    slots_.push_back({Slot(schema), {}});
}

List::List(Kind kind, std::vector<NamedSlot> slots, std::shared_ptr<const Report> report)
    : schema_(&slots.front().values.schema()),
      kind_(kind),
      writable_(false),
      slots_(std::move(slots)),
      report_(std::move(report)) {}

std::unique_ptr<List> List::clone() const {
    auto copy = std::make_unique<List>(kind_, copy_slots(), report_);
    copy->writable_ =
        kind_ == Kind::unreconciled && (copy->slots_.size() == 1 || schema_->rules().writes_clones_of_several_slots);
    return copy;
}

bool List::has_selector() const {
    const auto locked = lock();
    return std::all_of(slots_.begin(), slots_.end(),
                       [&](const NamedSlot& slot) { return slot.values.has(schema_->selector()); });
}

Result<> List::set_name(std::string name) {
    const auto locked = lock();
    OPENNVSCI_TRY(check_writable());
    slots_.front().name = std::move(name);
    return {};
}

Result<Bytes> List::get(std::size_t slot, std::uint32_t key_number) const {
    const Key* key = schema_->find(key_number);
    if (key == nullptr || key->direction == Direction::internal) {
        return fail(NvSciError_BadParameter, fmt::format("{:#x} is not a key", key_number));
    }
    if (is_reconciled() && key->direction == Direction::in) {
        return bad_key(*key, "an input-only key cannot be read from a reconciled list");
    }
    if (!is_reconciled() && key->direction == Direction::out && !schema_->rules().reads_outputs_of_any_list) {
        return bad_key(*key, "an output key exists in reconciled lists only");
    }
    if (slot >= slots_.size()) {
        return fail(NvSciError_BadParameter,
                    fmt::format("slot {} does not exist: the list has {} slots", slot, slots_.size()));
    }
    if (!writable_) return slots_[slot].values.get(*key);  // it never changes
    const auto locked = lock();
    return slots_[slot].values.get(*key);
}

std::string List::text() const {
    const auto locked = lock();
    std::string out;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (slots_.size() > 1) out += fmt::format("slot {} {}\n", i + 1, slots_[i].name);
        for (const Key& key : schema_->keys()) {
            const Bytes value = slots_[i].values.get(key);
            if (!value.empty()) out += fmt::format("{} = {}\n", key.name, key.text(value));
        }
    }
    return out;
}

std::vector<NamedSlot> List::copy_slots() const {
    const auto locked = lock();
    return slots_;
}

Result<> List::check_writable() const {
    if (writable_) return {};
    return fail(NvSciError_BadParameter, is_reconciled() ? "the list is reconciled and cannot be changed"
                                                         : "the list is read-only (appended, imported or conflict)");
}

// Copies a pair into `given` and checks the copy.
Result<> List::take(const KeyValue& pair, GivenPairs& given) const {
    const Key* key = schema_->find(pair.key);
    if (key == nullptr || key->direction == Direction::internal) {
        return fail(NvSciError_BadParameter, fmt::format("{:#x} is not a key", pair.key));
    }
    const std::size_t index = schema_->index_of(*key);
    if (key->direction == Direction::out) return bad_key(*key, "an output-only key cannot be set");
    if (written_.test(index)) return bad_key(*key, "already set; a key can be set once");
    if (given.keys().test(index)) return bad_key(*key, "given twice in one call");
    if (pair.value == nullptr) return bad_key(*key, "the value is NULL");
    if (pair.size == 0 || pair.size % key->type->size != 0 || pair.size > key->capacity()) {
        return bad_key(*key, fmt::format("{} bytes given; one {} has {}, at most {} of them fit", pair.size,
                                         key->type->name, key->type->size, key->max_count));
    }
    const Bytes value = given.add(*key, index, pair.value, pair.size);
    if (key->legal == nullptr || !schema_->rules().checks_values_when_set) return {};
    for (std::size_t at = 0; at < value.size(); at += key->type->size) {
        if (!key->legal->accepts(value.data() + at)) {
            return bad_key(*key, fmt::format("{} is not legal; it must be {}", key->text(value), key->legal->text));
        }
    }
    return {};
}

Result<> List::put(const GivenPairs& given, Bytes selector_value) {
    // The selecting key may stand behind the keys that need it, so it is looked for first.
    for (const GivenPairs::Pair& pair : given.pairs()) {
        if (pair.key == &schema_->selector()) selector_value = pair.value();
    }
    for (const GivenPairs::Pair& pair : given.pairs())
        OPENNVSCI_TRY(check_group(*pair.key, selector_value));
    for (const GivenPairs::Pair& pair : given.pairs())
        slots_.front().values.put(*pair.key, pair.value());
    written_ |= given.keys();
    return {};
}

Result<> List::check_group(const Key& key, Bytes selector_value) const {
    if ((schema_->groups_of(selector_value) >> key.group() & 1U) != 0) return {};
    return bad_key(key, fmt::format("needs a matching {}, which is {}", schema_->selector().name,
                                    schema_->selector().text(selector_value)));
}

}  // namespace opennvsci::attr
