// SPDX-License-Identifier: Apache-2.0
//
// Encoding (attr/wire.h).
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "attr/printable.h"
#include "attr/trial.h"
#include "attr/wire.h"
#include "attr/wire_format.h"
#include "attr/wire_generated.h"

namespace opennvsci::attr::wire {

namespace body = opennvsci_wire;
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using Session = std::uint64_t;

struct KeyAndValue {
    std::uint32_t key;
    Bytes value;
};

Offset<body::Values> write_values(FlatBufferBuilder& out, std::span<const KeyAndValue> values) {
    std::vector<body::Entry> entries;
    std::vector<std::uint8_t> bytes;
    for (const auto& [key, value] : values) {
        entries.emplace_back(key, static_cast<std::uint32_t>(value.size()));
        const auto* const first = reinterpret_cast<const std::uint8_t*>(value.data());
        bytes.insert(bytes.end(), first, first + value.size());
    }
    return body::CreateValues(out, out.CreateVectorOfStructs(entries), out.CreateVector(bytes));
}

Offset<body::Values> write_values(FlatBufferBuilder& out, const Values& values) {
    std::vector<KeyAndValue> all;
    values.for_each_set([&](std::size_t index, Bytes value) {
        all.push_back({values.schema().keys()[index].number, value});
    });
    return write_values(out, all);
}

Offset<flatbuffers::String> write_words(FlatBufferBuilder& out, std::string words, std::size_t most) {
    return words.empty() ? Offset<flatbuffers::String>() : out.CreateString(shortened(std::move(words), most));
}

Offset<flatbuffers::Vector<Session>> write_way(FlatBufferBuilder& out, const std::vector<Session>& way) {
    return way.empty() ? Offset<flatbuffers::Vector<Session>>() : out.CreateVector(way);
}

Result<Blob> finished(const Library& library, Kind kind, std::uint64_t exporter, const FlatBufferBuilder& body) {
    const std::size_t size = sizeof(Header) + body.GetSize();
    if (size > kMostBytes) {
        return fail(NvSciError_Overflow,
                    fmt::format("the lists are {} bytes to send, and at most {} can be", size, kMostBytes));
    }
    const Header header{kMagic, kVersion, library.number, static_cast<std::uint8_t>(kind), exporter, size};
    Blob blob(size);
    std::memcpy(blob.data(), &header, sizeof(header));
    std::memcpy(blob.data() + sizeof(header), body.GetBufferPointer(), body.GetSize());
    return blob;
}

// What goes along with a reconciled list, the best first; the next is tried where there is no room for one.
struct Detail {
    bool reasons;    // the words of the decisions
    bool all_asks;   // else those alone that say what a process gets
    bool elsewhere;  // the participants that are not behind the link
};
constexpr Detail kDetails[] = {{true, true, true}, {false, true, true}, {false, false, true}, {false, false, false}};

class ResultWriter {
  public:
    ResultWriter(const Library& library, Session session, const Slot& result, const Report* report, Bytes attachment)
        : library_(library), session_(session), result_(result), report_(report), attachment_(attachment) {
        if (report_ != nullptr) collect_asks();
    }

    void write(FlatBufferBuilder& out, const Detail& detail) const {
        const auto result = write_values(out, result_);
        std::vector<Offset<body::Participant>> participants;
        std::vector<Offset<body::Decision>> decisions;
        if (report_ != nullptr) {
            for (std::size_t i = 0; i < report_->participants().size(); ++i)
                write_participant(out, i, detail, participants);
            if (detail.all_asks) write_decisions(out, detail, decisions);
        }
        const auto all_participants = out.CreateVector(participants);
        const auto all_decisions = out.CreateVector(decisions);
        const auto* const attached = reinterpret_cast<const std::uint8_t*>(attachment_.data());
        const auto attachment = attachment_.empty() ? Offset<flatbuffers::Vector<std::uint8_t>>()
                                                    : out.CreateVector(attached, attachment_.size());
        out.Finish(body::CreateReconciledList(out, session_, result, all_participants, all_decisions, attachment));
    }

  private:
    void collect_asks() {
        asks_.resize(report_->participants().size());
        const auto keys = result_.schema().keys();
        std::vector<Ask> asks;
        for (std::size_t index = 0; index < keys.size(); ++index) {
            report_->asks(index, asks);
            for (const Ask& ask : asks)
                asks_[ask.participant].push_back({keys[index].number, ask.value});
        }
    }

    void write_participant(FlatBufferBuilder& out, std::size_t number, const Detail& detail,
                           std::vector<Offset<body::Participant>>& participants) const {
        const Participant& participant = report_->participants()[number];
        const bool is_behind_link = participant.origin.path == session_;
        if (!is_behind_link && !detail.elsewhere) return;
        std::vector<KeyAndValue> asks = asks_[number];
        if (!detail.all_asks) {
            std::erase_if(asks, [&](const KeyAndValue& ask) {
                return std::ranges::find(library_.share_keys, ask.key) == library_.share_keys.end();
            });
        }
        const auto text = is_behind_link ? write_words(out, participant.name, kMostNameBytes)
                                         : write_words(out, participant.text(), kMostTextBytes);
        const auto way = write_way(out, is_behind_link ? participant.origin.beyond : std::vector<Session>());
        participants.push_back(body::CreateParticipant(
            out, text, is_behind_link, is_behind_link ? participant.origin.position : 0, way, write_values(out, asks)));
    }

    void write_decisions(FlatBufferBuilder& out, const Detail& detail,
                         std::vector<Offset<body::Decision>>& decisions) const {
        const auto keys = result_.schema().keys();
        for (std::size_t index = 0; index < keys.size(); ++index) {
            const Decision* decision = report_->decision(index);
            if (decision == nullptr) continue;
            Offset<flatbuffers::String> reason;
            Offset<flatbuffers::String> suggestion;
            if (detail.reasons) {
                reason = write_words(out, words_of(result_.schema(), *report_, decision->text), kMostReasonBytes);
                suggestion = write_words(out, ways_out(index), kMostReasonBytes);
            }
            decisions.push_back(body::CreateDecision(out, keys[index].number,
                                                     static_cast<std::uint8_t>(decision->outcome), reason, suggestion,
                                                     static_cast<std::uint8_t>(decision->reason)));
        }
    }

    [[nodiscard]] std::string ways_out(std::size_t key_index) const {
        std::string ways;
        for (const Advice& advice : untried_advice(result_.schema(), *report_, key_index))
            ways += (ways.empty() ? "" : "; or ") + advice.words;
        return ways;
    }

    const Library& library_;
    const Session session_;
    const Slot& result_;
    const Report* const report_;
    const Bytes attachment_;
    std::vector<std::vector<KeyAndValue>> asks_;  // of each participant
};

}  // namespace

Result<Blob> encode_unreconciled(const Library& library, std::uint64_t exporter, std::span<const Wishes> slots) {
    if (slots.size() > kMostSlots) {
        return fail(NvSciError_Overflow,
                    fmt::format("the lists have {} slots, and at most {} can be sent", slots.size(), kMostSlots));
    }
    FlatBufferBuilder out;
    std::vector<Offset<body::Slot>> all;
    for (const Wishes& wishes : slots) {
        std::vector<Session> way = wishes.origin.beyond;
        if (!wishes.origin.is_this_process()) way.insert(way.begin(), wishes.origin.path);
        if (way.size() > kMostHops) {
            return fail(NvSciError_Overflow,
                        fmt::format("{} came by {} processes, and by at most {} it can go on",
                                    origin_text(wishes.origin, wishes.name), way.size(), kMostHops));
        }
        const auto name = write_words(out, wishes.name, kMostNameBytes);
        const auto sessions = write_way(out, way);
        all.push_back(body::CreateSlot(out, name, sessions, write_values(out, wishes.values)));
    }
    out.Finish(body::CreateUnreconciledLists(out, out.CreateVector(all)));
    return finished(library, Kind::unreconciled, exporter, out);
}

Result<Blob> encode_reconciled(const Library& library, Kind kind, std::uint64_t exporter, std::uint64_t session,
                               const Slot& result, const Report* report, Bytes attachment) {
    const ResultWriter writer(library, session, result, report, attachment);
    FlatBufferBuilder out;
    for (const Detail& detail : kDetails) {
        out.Clear();
        writer.write(out, detail);
        if (sizeof(Header) + out.GetSize() <= kRoom) break;
    }
    return finished(library, kind, exporter, out);
}

}  // namespace opennvsci::attr::wire
