// SPDX-License-Identifier: Apache-2.0
//
// List: an attribute list. An unreconciled list holds the values of one participant or several and is written key by
// key, each key once; a reconciled list holds one slot, the result, and the report of how it came about; a conflict
// list holds the values that could not be merged.
// Thread-safe. Values handed out by get() point into the list and stay valid as long as it.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "attr/given_pairs.h"
#include "attr/report.h"
#include "attr/slot.h"
#include "base/process.h"
#include "base/result.h"

namespace opennvsci::attr {

/// A key with its value as a program passes it: `size` in bytes.
struct KeyValue {
    std::uint32_t key;
    const void* value;
    std::size_t size;
};

/// What one participant asks, its name (empty if the program gave none), and whose process it is.
struct Wishes {
    Values values;
    std::string name;
    Origin origin{};
};

/// What became of one key after its reconciliation, in the list of an object.
struct Amendment {
    std::uint32_t key;
    Decision decision;
};

class List {
  public:
    enum class Kind : std::uint8_t { unreconciled, reconciled, conflict };

    /// An empty, writable, unreconciled list with one slot.
    explicit List(const Schema& schema);
    /// The same in which the selecting key has a value already, which may be set once more.
    List(const Schema& schema, Bytes selector_value);
    /// A reconciled list. `report` may be null.
    List(Slot result, std::shared_ptr<const Report> report);
    /// The same of a result that other lists have, too, with what became of one key since.
    List(std::shared_ptr<const Slot> result, std::shared_ptr<const Report> report,
         std::shared_ptr<const Amendment> amendment = nullptr);
    /// A read-only unreconciled or conflict list of `wishes`, at least one. `report` may be null.
    List(Kind kind, std::vector<Wishes> wishes, std::shared_ptr<const Report> report);
    /// A deep copy of the same kind. An unreconciled copy is writable, every key once more, if it has one slot or the
    /// schema's rules say so; then its first slot is written. Errors: BadParameter if a slot lacks the selecting key
    /// and the rules ask for it.
    [[nodiscard]] Result<std::unique_ptr<List>> clone() const;
    /// All slots of unreconciled lists, at least one, as one read-only list. Errors: as of clone().
    [[nodiscard]] static Result<std::unique_ptr<List>> append(std::span<const List* const> lists);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_reconciled() const noexcept { return kind_ == Kind::reconciled; }
    [[nodiscard]] const Schema& schema() const noexcept { return *schema_; }
    [[nodiscard]] std::size_t slot_count() const noexcept { return result_ != nullptr ? 1 : wishes_.size(); }
    /// What is known of how it came about; null if nothing is.
    [[nodiscard]] std::shared_ptr<const Report> report() const;
    /// What became of a key since the reconciliation; null if nothing did.
    [[nodiscard]] const std::shared_ptr<const Amendment>& amendment() const noexcept { return amendment_; }
    /// True if a list of its reconciliation came from another process, by a link.
    [[nodiscard]] bool has_peers() const;
    /// Lets more participants take part in a reconciled list: all slots of unreconciled `lists`, in the order of the
    /// call. The report that there was stays what it is for who holds it.
    void add_participants(std::span<const List* const> lists);
    /// True if keys can be set: a new unreconciled list, or a copy of one.
    [[nodiscard]] bool is_writable() const noexcept { return writable_; }

    /// Names the participant of a single-slot unreconciled list. Errors: BadParameter for other lists.
    [[nodiscard]] Result<> set_name(std::string name);

    /// Who sets keys: the library may ask for internal ones too.
    enum class Setter : std::uint8_t { program, library };

    /// Sets `count` keys, all or none; `pair_at(i)` gives the i-th KeyValue and is called once for each. Its value is
    /// read once, and may change meanwhile. Errors: BadParameter with the reason.
    template <class PairAt>
    [[nodiscard]] Result<> set(std::size_t count, PairAt&& pair_at, Setter setter = Setter::program) {
        const auto locked = lock();
        OPENNVSCI_TRY(check_writable());
        GivenPairs given;
        for (std::size_t i = 0; i < count; ++i)
            OPENNVSCI_TRY(take(pair_at(i), setter, given));
        return put(given);
    }

    /// The value of a key in slot `slot`, empty if it is unset. Errors: BadParameter.
    [[nodiscard]] Result<Bytes> get(std::size_t slot, std::uint32_t key_number) const;

    /// Every key that is set, one per line, as "KEY = VALUE", slot by slot.
    [[nodiscard]] std::string text() const;

    /// Calls `read(wishes)` for what every participant of an unreconciled list asks, under the lock.
    template <class Read>
    void for_each_participant(Read&& read) const {
        const auto locked = lock();
        for (const Wishes& wishes : wishes_)
            read(wishes);
    }

    /// Adds the participants of an unreconciled list, which stands at `position` in its call, and what they ask, to a
    /// report.
    void report_to(Report& report, std::uint32_t position) const;

    /// The one slot of a reconciled list, which never changes.
    [[nodiscard]] const Slot& reconciled() const noexcept { return *result_; }
    /// The same for another list: results take some kilobytes.
    [[nodiscard]] const std::shared_ptr<const Slot>& shared_result() const noexcept { return result_; }

  private:
    [[nodiscard]] Result<> check_copyable() const;
    [[nodiscard]] Result<> check_writable() const;
    [[nodiscard]] Result<> take(const KeyValue& pair, Setter setter, GivenPairs& given) const;
    [[nodiscard]] Result<> put(const GivenPairs& given);
    [[nodiscard]] Result<> check_group(const Key& key, Bytes selector_value) const;

    List(const List& other);
    [[nodiscard]] const Values& values(std::size_t slot) const {
        return result_ != nullptr ? *result_ : wishes_[slot].values;
    }

    const Schema* schema_;
    Kind kind_;
    bool writable_;
    std::vector<Wishes> wishes_;          // empty in a reconciled list
    std::shared_ptr<const Slot> result_;  // of a reconciled list, else null
    std::shared_ptr<const Report> report_;
    std::shared_ptr<const Amendment> amendment_;
    mutable std::mutex report_mutex_;
    KeySet written_;  // keys that may not be set again
    const std::uint64_t maker_ = process::token();
    mutable std::mutex mutex_;

    // A list that cannot be written never changes. In a forked child another thread of the parent may seem to hold the
    // lock of a list of the parent for ever.
    [[nodiscard]] std::unique_lock<std::mutex> lock() const {
        if (!writable_ || maker_ != process::token()) return {};
        return std::unique_lock(mutex_);
    }
};

}  // namespace opennvsci::attr
