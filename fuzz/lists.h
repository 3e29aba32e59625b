// SPDX-License-Identifier: Apache-2.0
//
// Lists: the modules and attribute lists of a fuzz target, and the calls on them that every library has.
#pragma once

#include <span>
#include <string>

#include "support.h"

namespace opennvsci::fuzz {

template <class Handle>
struct KnownList {
    Handle handle;
    bool alive;
    bool reconciled;
    bool conflict;
    bool borrowed;
    std::size_t object;  // of a borrowed list: dies with this object
    std::size_t module;  // index of its module
};

// What asking a list for its decisions gave; reads every text.
template <class Handle>
void check_decisions(const KnownList<Handle>& list, NvSciError error, std::span<const OpenNvSciDecision> decisions) {
    if (!list.alive) REQUIRE(error == kBadParameter);
    if (list.alive && (list.reconciled || list.conflict)) REQUIRE(error == kSuccess);
    std::size_t length = 0;
    for (const OpenNvSciDecision& one : decisions) {
        for (const char* text : {one.keyName, one.requested, one.granted, one.rule, one.reason, one.suggestion})
            length += std::strlen(text);
    }
    REQUIRE(decisions.empty() || length > 0);
}

/// The lists of a target, and choices of some of them.
template <class Handle>
class KnownLists : public std::vector<KnownList<Handle>> {
  public:
    using Choice = std::vector<std::size_t>;

    void add(Handle handle, std::size_t module, bool reconciled, bool conflict = false) {
        this->push_back({handle, true, reconciled, conflict, false, 0, module});
    }

    // The list of an object can be used as any other, for as long as the object.
    void add_borrowed(Handle handle, std::size_t object, std::size_t module) {
        const bool is_known = has_live(*this, reinterpret_cast<std::uint64_t>(handle));
        if (!is_known) this->push_back({handle, true, true, false, true, object, module});
    }

    void end_borrowed(std::size_t object) {
        for (auto& list : *this)
            if (list.borrowed && list.object == object) list.alive = false;
    }

    Choice choose(FuzzedDataProvider& in) const {
        Choice chosen;
        const auto count = in.ConsumeIntegralInRange<std::size_t>(0, 4);
        for (std::size_t i = 0; i < count && !this->empty(); ++i)
            chosen.push_back(pick(in, *this));
        return chosen;
    }

    std::vector<Handle> handles(const Choice& chosen) const {
        std::vector<Handle> found;
        for (const std::size_t i : chosen)
            found.push_back((*this)[i].handle);
        return found;
    }

    // Whether they may be appended and reconciled.
    bool can_be_combined(const Choice& chosen) const {
        if (chosen.empty()) return false;
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            const KnownList<Handle>& list = (*this)[chosen[i]];
            if (!list.alive || list.reconciled || list.conflict || list.module != (*this)[chosen[0]].module)
                return false;
            for (std::size_t j = 0; j < i; ++j)
                if (chosen[i] == chosen[j]) return false;
        }
        return true;
    }
};

// The pairs of one call, whose values are in heap memory of their exact size, so that a read beyond one is seen.
template <class Pair>
struct Pairs {
    std::vector<std::vector<std::uint8_t>> values;
    std::vector<Pair> pairs;
};

/// `Library` has the types Module, Handle (of a list) and Pair, and the functions that are called here by their short
/// names. Beyond the interface it says all that can be read of a list (content), which lists may be cloned and appended
/// (may_be_copied), what an appended list is beside the number of its slots (is_appended), and which codes come with a
/// conflict list (has_conflict) or tell that a list is not valid (kInvalid).
template <class Library>
class Lists {
  public:
    Lists(const Lists&) = delete;
    Lists& operator=(const Lists&) = delete;
    virtual ~Lists() = default;

  protected:
    using Handle = typename Library::Handle;
    using Pair = typename Library::Pair;
    using Choice = typename KnownLists<Handle>::Choice;

    Lists(const std::uint8_t* data, std::size_t size) : in_(data, size), gpus_(gpu_ids()) {}

    virtual std::uint32_t any_key() = 0;
    virtual std::vector<std::uint8_t> value_for(std::uint32_t key) = 0;
    /// Sets what a new list should ask, mostly so that it can be reconciled.
    virtual void describe_new(Handle list) = 0;
    /// Whether reading a key may give this code.
    virtual void check_read(const KnownList<Handle>& list, std::uint32_t key, std::size_t slot, NvSciError error) = 0;

    template <class T>
    std::size_t pick(const std::vector<T>& known) {
        return fuzz::pick(in_, known);
    }

    Pairs<Pair> any_pairs() {
        Pairs<Pair> made;
        const auto count = in_.template ConsumeIntegralInRange<std::size_t>(0, 5);
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint32_t key = any_key();
            made.values.push_back(value_for(key));
            const auto& value = made.values.back();
            auto pair = pair_of<Pair>(key, value.empty() ? nullptr : value.data(), value.size());
            if (pair.len > 0) pair.len -= in_.ConsumeIntegralInRange(0, 31) == 0 ? 1 : 0;
            made.pairs.push_back(pair);
        }
        return made;
    }

    void open_module() {
        if (modules_.size() == kMostModules) return;
        typename Library::Module module = nullptr;
        REQUIRE(Library::open(&module) == kSuccess);
        modules_.push_back({module, true});
    }

    void close_module() {
        auto& module = modules_[pick(modules_)];
        if (!module.alive) return;
        Library::close(module.handle);
        module.alive = false;
    }

    void create_list() {
        if (lists_.size() >= kMostHandles) return;
        const std::size_t module = pick(modules_);
        auto list = untouched<Handle>();
        const NvSciError error = Library::create(modules_[module].handle, &list);
        REQUIRE(error == (modules_[module].alive ? kSuccess : kBadParameter));
        REQUIRE((list == untouched<Handle>()) == !modules_[module].alive);
        if (!modules_[module].alive) return;
        lists_.add(list, module, false);
        if (in_.ConsumeIntegralInRange(0, 7) != 0) describe_new(list);
    }

    void set() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        auto given = any_pairs();
        const std::string before = list.alive ? Library::content(list.handle) : std::string();
        const NvSciError error = Library::set(list.handle, given.pairs.data(), given.pairs.size());
        if (error != kSuccess) REQUIRE(error == kBadParameter);
        if (!list.alive || list.reconciled || list.conflict) REQUIRE(error == kBadParameter);
        if (error != kSuccess && list.alive) REQUIRE(Library::content(list.handle) == before);
    }

    void get() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const std::uint32_t key = any_key();
        const auto slot = in_.template ConsumeIntegralInRange<std::size_t>(0, 3);
        static const char sentinel = 0;
        auto pair = pair_of<Pair>(key, &sentinel, 77);
        const NvSciError error = Library::slot_get(list.handle, slot, &pair, 1);
        REQUIRE(error == kSuccess || error == kBadParameter);
        check_read(list, key, slot, error);
        if (error != kSuccess) {
            REQUIRE(pair.value == &sentinel && pair.len == 77);
            return;
        }
        REQUIRE(list.alive && slot < Library::slot_count(list.handle));
        REQUIRE((pair.value == nullptr) == (pair.len == 0));
        std::vector<std::uint8_t> copy(pair.len);  // touches every byte of the value
        if (pair.len != 0) std::memcpy(copy.data(), pair.value, pair.len);
        bool is_reconciled = !list.reconciled;
        REQUIRE(Library::is_reconciled(list.handle, &is_reconciled) == kSuccess);
        REQUIRE(is_reconciled == list.reconciled);
    }

    void clone() {
        if (lists_.empty() || lists_.size() >= kMostHandles) return;
        const auto list = lists_[pick(lists_)];
        auto copy = untouched<Handle>();
        const NvSciError error = Library::clone(list.handle, &copy);
        const bool is_possible = list.alive && Library::may_be_copied(list.handle);
        REQUIRE(error == (is_possible ? kSuccess : kBadParameter));
        REQUIRE((copy == untouched<Handle>()) == !is_possible);
        if (!is_possible) return;
        REQUIRE(Library::content(copy) == Library::content(list.handle));
        lists_.add(copy, list.module, list.reconciled, list.conflict);
    }

    void append() {
        if (lists_.size() >= kMostHandles) return;
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        auto appended = untouched<Handle>();
        const NvSciError error = Library::append(inputs.data(), inputs.size(), &appended);
        const bool is_possible =
            lists_.can_be_combined(chosen) && std::all_of(inputs.begin(), inputs.end(), Library::may_be_copied);
        REQUIRE(error == (is_possible ? kSuccess : kBadParameter));
        if (error != kSuccess) {
            REQUIRE(appended == untouched<Handle>());
            return;
        }
        std::size_t slots = 0;
        for (Handle list : inputs)
            slots += Library::slot_count(list);
        REQUIRE(Library::slot_count(appended) == slots);
        REQUIRE(Library::is_appended(appended, inputs));
        // Appending doubles: keep the lists small, so that speed is spent on variety.
        if (slots > 64) return Library::free(appended);
        lists_.add(appended, lists_[chosen[0]].module, false);
    }

    // What all functions that reconcile have in common.
    void check_refusal(const Choice& chosen, NvSciError error, Handle conflict) {
        REQUIRE((conflict != nullptr) == Library::has_conflict(error));
        if (!lists_.can_be_combined(chosen)) REQUIRE(error == kBadParameter);
        if (error != kSuccess) REQUIRE(*opennvsciGetLastErrorText() != '\0');
        if (conflict != nullptr) lists_.add(conflict, lists_[chosen[0]].module, false, true);
    }

    void reconcile() {
        if (lists_.size() + 2 >= kMostHandles) return;
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        auto reconciled = untouched<Handle>();
        auto conflict = untouched<Handle>();
        const NvSciError error = Library::reconcile(inputs.data(), inputs.size(), &reconciled, &conflict);
        check_refusal(chosen, error, conflict);
        REQUIRE((error == kSuccess) == (reconciled != nullptr));
        if (error != kSuccess) return;
        bool valid = false;
        REQUIRE(Library::validate(reconciled, inputs.data(), inputs.size(), &valid) == kSuccess && valid);
        Handle again = nullptr;
        REQUIRE(Library::reconcile(inputs.data(), inputs.size(), &again, &conflict) == kSuccess);
        REQUIRE(Library::content(again) == Library::content(reconciled));
        Library::free(again);
        lists_.add(reconciled, lists_[chosen[0]].module, true);
    }

    void validate() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        bool valid = false;
        const NvSciError error = Library::validate(list.handle, inputs.data(), inputs.size(), &valid);
        if (!list.alive || !list.reconciled || !lists_.can_be_combined(chosen)) REQUIRE(error == kBadParameter);
        REQUIRE((error == kSuccess) == valid);
        REQUIRE(valid || error == kBadParameter || error == Library::kInvalid);
    }

    void describe() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const OpenNvSciDecision* decisions = nullptr;
        std::size_t count = 0;
        const NvSciError error = Library::decisions(list.handle, &decisions, &count);
        check_decisions(list, error, std::span(decisions, count));
        const std::string name = in_.ConsumeRandomLengthString(70);
        (void)Library::set_name(list.handle, name.c_str());
    }

    void free_any_list() {
        if (!lists_.empty()) free_list(lists_[pick(lists_)]);
    }
    static void free_list(KnownList<Handle>& list) {
        if (!list.alive) return;
        Library::free(list.handle);
        if (list.borrowed) {
            REQUIRE(!Library::content(list.handle).empty());  // freeing it has no effect
            return;
        }
        list.alive = false;
    }

    // The lists of objects go with the objects.
    void free_lists() {
        for (auto& list : lists_)
            if (!list.borrowed) free_list(list);
    }
    void close_modules() {
        for (auto& module : modules_)
            if (module.alive) Library::close(module.handle);
    }

    FuzzedDataProvider in_;
    std::vector<NvSciRmGpuId> gpus_;
    std::vector<Known<typename Library::Module>> modules_;
    KnownLists<Handle> lists_;
};

}  // namespace opennvsci::fuzz
