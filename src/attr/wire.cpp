// SPDX-License-Identifier: Apache-2.0
//
// Decoding. A FlatBuffer is read only after its verifier, so every offset and length in it is inside; what the values
// may be is checked here, row by row.
#include "attr/wire.h"

#include <fmt/format.h>

#include <cstring>

#include "attr/printable.h"
#include "attr/wire_format.h"
#include "attr/wire_generated.h"
#include "base/address.h"
#include "base/unaligned.h"

namespace opennvsci::attr::wire {

namespace body = opennvsci_wire;
namespace {

tl::unexpected<Error> bad_blob(std::string text, NvSciError code = NvSciError_BadParameter) {
    return fail(code, "the blob: " + std::move(text));
}

tl::unexpected<Error> bad_blob(Prerequisite unmet, std::string_view pattern,
                               NvSciError code = NvSciError_BadParameter) {
    return fail_unmet(code, std::move(unmet), fmt::format("the blob: {}", pattern));
}

constexpr const char* kUnreconciled = "unreconciled lists";
constexpr const char* kReconciled = "a reconciled list";
constexpr const char* kWithObject = "a list with its object";

const char* name_of(Kind kind) {
    if (kind == Kind::unreconciled) return kUnreconciled;
    return kind == Kind::reconciled ? kReconciled : kWithObject;
}

std::string library_name(std::uint8_t number) {
    if (number == 1) return "NvSciBuf";
    return number == 2 ? "NvSciSync" : fmt::format("library {}", number);
}

tl::unexpected<Error> other_kind(Kind found, Kind needed, NvSciError code = NvSciError_BadParameter) {
    return bad_blob({"content", name_of(found), name_of(needed)}, "it holds {found}, and must hold {needed}", code);
}

std::size_t count_of(const auto* vector) {
    return vector != nullptr ? vector->size() : 0;
}

template <class T>
Bytes bytes_of(const flatbuffers::Vector<T>* vector) {
    return vector != nullptr ? Bytes(reinterpret_cast<const std::byte*>(vector->Data()), vector->size()) : Bytes();
}

// The root of the body, if it is one of this type.
template <class Root>
Result<const Root*> verified(Bytes body) {
    // Slot, values, and values of the asks: two tables a slot or participant, and the root. The verifier counts them,
    // so that tables which share bytes cannot make much of little.
    flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(body.data()), body.size(), /*max_depth=*/8,
                                   /*max_tables=*/2 * kMostSlots + Schema::kMaxKeys + 2);
    if (!verifier.VerifyBuffer<Root>(nullptr)) return bad_blob("its content is damaged");
    return flatbuffers::GetRoot<Root>(body.data());
}

Result<std::string> words(const flatbuffers::String* text, std::size_t most, const char* what) {
    if (text == nullptr) return std::string();
    if (text->size() > most) {
        return bad_blob(fmt::format("{} has {} bytes, and must have at most {}", what, text->size(), most));
    }
    return printable({text->c_str(), text->size()});
}

Result<std::vector<std::uint64_t>> way(const flatbuffers::Vector<std::uint64_t>* hops) {
    if (count_of(hops) > kMostHops) {
        return bad_blob(fmt::format("a list came by {} processes, more than {}", hops->size(), kMostHops));
    }
    std::vector<std::uint64_t> sessions;
    for (std::size_t i = 0; i < count_of(hops); ++i) {
        // The verifier does not look at how the elements of a vector are aligned.
        const auto session = load<std::uint64_t>(hops->Data() + i * sizeof(std::uint64_t));
        if (session == 0 || session == Origin::kElsewhere) return bad_blob("a list came by a link that cannot be");
        sessions.push_back(session);
    }
    return sessions;
}

class Decoder {
  public:
    explicit Decoder(const Library& library) : library_(library), schema_(library.schema()) {}

    [[nodiscard]] const Schema& schema() const noexcept { return schema_; }

    /// Calls `take(key, value)` for each entry; the value has whole elements and not too many. `owner` is for texts.
    template <class Take>
    [[nodiscard]] Result<> read(const body::Values* values, const std::string& owner, Take&& take) const {
        if (values == nullptr) return {};
        const std::size_t count = count_of(values->entries());
        if (count > schema_.keys().size()) {
            return bad_blob(fmt::format("{}: {} keys, and there are {}", owner, count, schema_.keys().size()));
        }
        Bytes rest = bytes_of(values->bytes());
        KeySet seen;
        for (std::size_t i = 0; i < count; ++i) {
            const body::Entry& entry = *values->entries()->Get(static_cast<flatbuffers::uoffset_t>(i));
            const Key* key = schema_.find(entry.key());
            if (key == nullptr) return bad_blob(fmt::format("{}: {:#x} is not a key", owner, entry.key()));
            if (seen.test(schema_.index_of(*key))) {
                return bad_blob(fmt::format("{}: {} is there twice", owner, key->name), library_.unsupported);
            }
            seen.set(schema_.index_of(*key));
            if (entry.size() > rest.size() || !key->fits(entry.size())) {
                return bad_blob(fmt::format("{}: {} has {} bytes", owner, key->name, entry.size()));
            }
            OPENNVSCI_TRY(take(*key, rest.first(entry.size())));
            rest = rest.subspan(entry.size());
        }
        if (!rest.empty()) return bad_blob(fmt::format("{}: {} bytes belong to no key", owner, rest.size()));
        return {};
    }

    /// What a participant may ask.
    [[nodiscard]] static Result<> check_ask(const Key& key, Bytes value, const std::string& owner) {
        if (!key.can_be_asked()) return bad_blob(fmt::format("{}: {} cannot be asked", owner, key.name));
        if (!key.is_legal(value)) return bad_blob(fmt::format("{}: {}: {}", owner, key.name, key.illegal_text(value)));
        return {};
    }

    [[nodiscard]] Result<Wishes> wishes(const body::Slot& slot, std::uint32_t position, const Arrival& arrival) const {
        OPENNVSCI_TRY_ASSIGN(name, words(slot.name(), kMostNameBytes, "a name"));
        OPENNVSCI_TRY_ASSIGN(beyond, way(slot.way()));
        Wishes read_wishes{
            Values(schema_), std::move(name), {arrival.session, std::move(beyond), arrival.peer, position}};
        const std::string owner = origin_text(read_wishes.origin, read_wishes.name);
        Result<> done = read(slot.values(), owner, [&](const Key& key, Bytes value) -> Result<> {
            OPENNVSCI_TRY(check_ask(key, value, owner));
            read_wishes.values.put(key, value);
            return {};
        });
        OPENNVSCI_TRY(std::move(done));
        const std::uint32_t groups = schema_.groups_of(read_wishes.values.get(schema_.selector()));
        for (const Key& key : schema_.keys()) {
            if (!read_wishes.values.has(key) || Schema::is_in_groups(key, groups)) continue;
            return bad_blob(fmt::format("{}: {} needs a matching {}", owner, key.name, schema_.selector().name));
        }
        return read_wishes;
    }

    [[nodiscard]] Result<Slot> result(const body::Values* values) const {
        Values all(schema_);
        OPENNVSCI_TRY(read(values, "the result", [&](const Key& key, Bytes value) -> Result<> {
            all.put(key, value);
            return {};
        }));
        auto slot = Slot::checked(std::move(all));
        if (!slot) return bad_blob(std::move(slot.error().text));
        return slot;
    }

    [[nodiscard]] Result<> add_participant(const body::Participant& sent, const Arrival& arrival,
                                           Report& report) const {
        const auto number = static_cast<std::uint32_t>(report.participants().size());
        Participant participant{number, 0, true, {}, {}};
        OPENNVSCI_TRY_ASSIGN(text, words(sent.text(), sent.is_behind_link() ? kMostNameBytes : kMostTextBytes,
                                         "the text of a participant"));
        OPENNVSCI_TRY_ASSIGN(sessions, way(sent.way()));
        participant.name = std::move(text);
        if (!sent.is_behind_link()) {
            if (!sessions.empty()) return bad_blob("a participant is both behind the link and not");
            participant.origin = {Origin::kElsewhere, {}, arrival.peer, 0};
        } else {
            participant.list = sent.position();
            if (!sessions.empty()) {
                const std::uint64_t path = sessions.front();
                sessions.erase(sessions.begin());
                participant.origin = {path, std::move(sessions), {}, sent.position()};
            }
        }
        const std::string owner = participant.text();
        report.add_participant(std::move(participant));
        return read(sent.asks(), owner, [&](const Key& key, Bytes value) -> Result<> {
            OPENNVSCI_TRY(check_ask(key, value, owner));
            report.add_ask(schema_.index_of(key), number, value);
            return {};
        });
    }

    [[nodiscard]] Result<> add_decision(const body::Decision& sent, Report& report) const {
        const Key* key = schema_.find(sent.key());
        if (key == nullptr || sent.outcome() > static_cast<std::uint8_t>(Outcome::refused) ||
            sent.code() > static_cast<std::uint8_t>(Reason::rounded_up)) {
            return bad_blob("a decision is about no key, or none");
        }
        OPENNVSCI_TRY_ASSIGN(reason, words(sent.reason(), kMostReasonBytes, "a reason"));
        OPENNVSCI_TRY_ASSIGN(suggestion, words(sent.suggestion(), kMostReasonBytes, "a suggestion"));
        report.decide(schema_.index_of(*key), {static_cast<Outcome>(sent.outcome()), std::move(reason),
                                               std::move(suggestion), static_cast<Reason>(sent.code())});
        return {};
    }

  private:
    const Library& library_;
    const Schema& schema_;
};

Result<std::shared_ptr<const Report>> read_report(const Decoder& decoder, const body::ReconciledList& sent,
                                                  const Arrival& arrival) {
    const std::size_t participants = count_of(sent.participants());
    const std::size_t decisions = count_of(sent.decisions());
    if (participants > kMostSlots) return bad_blob(fmt::format("{} participants", participants));
    if (decisions > decoder.schema().keys().size()) return bad_blob(fmt::format("{} decisions", decisions));
    auto report = std::make_shared<Report>();
    report->set_source(arrival.session);
    for (std::size_t i = 0; i < participants; ++i) {
        OPENNVSCI_TRY(decoder.add_participant(*sent.participants()->Get(static_cast<flatbuffers::uoffset_t>(i)),
                                              arrival, *report));
    }
    for (std::size_t i = 0; i < decisions; ++i)
        OPENNVSCI_TRY(decoder.add_decision(*sent.decisions()->Get(static_cast<flatbuffers::uoffset_t>(i)), *report));
    return report;
}

}  // namespace

Result<Received> Received::copy(const Library& library, const void* blob, std::size_t size) {
    if (size < sizeof(Header) || size > kMostBytes) {
        return bad_blob({"length", fmt::format("{} bytes", size), fmt::format("{} to {}", sizeof(Header), kMostBytes)},
                        "it has {found}, and must have {needed}");
    }
    Blob bytes(size);
    copy_once(bytes.data(), blob, size);
    const auto header = load<Header>(bytes.data());
    if (header.magic != kMagic) {
        if (looks_like_address(load<std::uint64_t>(bytes.data()))) {
            return bad_blob({"content", "an address", "lists of OpenNvSci"},
                            "it begins with what looks like an address; give the blob itself, not the address of the "
                            "variable that holds "
                            "its address");
        }
        return bad_blob({"content", "other bytes", "lists of OpenNvSci"}, "these are no lists of OpenNvSci");
    }
    if (header.library != library.number) {
        return bad_blob({"library", library_name(header.library), library.name},
                        "it is of {found}, and must be of {needed}");
    }
    if (header.version != kVersion) {
        return bad_blob({"format", std::to_string(header.version), std::to_string(kVersion)},
                        "it has the format {found}, and this library reads {needed}", library.unsupported);
    }
    if (header.size != size) {
        return bad_blob({"length", fmt::format("{} bytes", size), std::to_string(header.size)},
                        "{found} are given, and by its header it has {needed}");
    }
    if (header.kind < static_cast<std::uint8_t>(Kind::unreconciled) ||
        header.kind > static_cast<std::uint8_t>(Kind::reconciled_with_object)) {
        return bad_blob(fmt::format("{} is no kind of lists", header.kind));
    }
    return Received(library, static_cast<Kind>(header.kind), header.instance, std::move(bytes));
}

Bytes Received::body() const noexcept {
    return Bytes(bytes_).subspan(sizeof(Header));
}

Result<std::unique_ptr<List>> decode_unreconciled(const Received& blob, const Arrival& arrival) {
    if (blob.kind() != Kind::unreconciled) return other_kind(blob.kind(), Kind::unreconciled);
    OPENNVSCI_TRY_ASSIGN(sent, verified<body::UnreconciledLists>(blob.body()));
    const std::size_t count = count_of(sent->slots());
    if (count == 0 || count > kMostSlots) {
        return bad_blob(fmt::format("{} slots, and there must be 1 to {}", count, kMostSlots));
    }
    const Decoder decoder(blob.library());
    std::vector<Wishes> slots;
    for (std::uint32_t i = 0; i < count; ++i) {
        OPENNVSCI_TRY_ASSIGN(wishes, decoder.wishes(*sent->slots()->Get(i), i, arrival));
        slots.push_back(std::move(wishes));
    }
    return std::make_unique<List>(List::Kind::unreconciled, std::move(slots), nullptr);
}

Result<Imported> decode_reconciled(const Received& blob, const Arrival& arrival, Kind kind) {
    if (blob.kind() == Kind::unreconciled) return other_kind(blob.kind(), kind, blob.library().is_not_reconciled);
    if (blob.kind() != kind) return other_kind(blob.kind(), kind);
    OPENNVSCI_TRY_ASSIGN(sent, verified<body::ReconciledList>(blob.body()));
    if (sent->session() != arrival.session) {
        return bad_blob(
            fmt::format("it was made for another opening of the endpoint than the one at {}", arrival.peer));
    }
    const Decoder decoder(blob.library());
    OPENNVSCI_TRY_ASSIGN(slot, decoder.result(sent->result()));
    OPENNVSCI_TRY_ASSIGN(report, read_report(decoder, *sent, arrival));
    const Bytes attachment = bytes_of(sent->attachment());
    if ((kind == Kind::reconciled) != attachment.empty()) return bad_blob("its attachment is not that of its kind");
    return Imported{std::make_unique<List>(std::move(slot), std::move(report)), {attachment.begin(), attachment.end()}};
}

}  // namespace opennvsci::attr::wire
