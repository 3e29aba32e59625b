// SPDX-License-Identifier: Apache-2.0
#include "trace/slice.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "trace/functions.h"
#include "trace/nvtx.h"

namespace opennvsci::trace {

struct Slice::Record {
    std::string_view name;
    std::string_view category;
    bool is_on_stream = false;
    bool is_announced = false;
    bool has_failed = false;
    Stream stream{};
    std::uint64_t begin = 0;
    Members arguments{};
    FlowEnd flow_end{};
    std::uint64_t flow = 0;  // 0: none
    Record* outer = nullptr;
};

namespace {

constexpr std::string_view kStreamCategory = "stream";

// A plain pointer: threads may end in any order, and calls are made while they do.
constinit thread_local Slice::Record* t_newest [[gnu::tls_model("initial-exec")]] = nullptr;

// Runs `body` with errno kept; what has no memory is not done.
template <class Body>
void quietly(Body&& body) noexcept {
    const int saved_errno = errno;
    try {
        body();
    } catch (const std::exception&) {  // nothing that a call could be failed for
    }
    errno = saved_errno;
}

Slice::Record* begun(Slice::Record wanted) noexcept {
    const int saved_errno = errno;
    auto* const record = new (std::nothrow) Slice::Record(std::move(wanted));
    errno = saved_errno;
    if (record == nullptr) return nullptr;
    record->outer = std::exchange(t_newest, record);
    record->begin = now();
    return record;
}

template <class Note>
void note(Note&& note) noexcept {
    if (t_newest != nullptr && has_file()) quietly([&] { note(t_newest->arguments); });
}

Members event_of(const char* phase, const Slice::Record& slice, Track track, std::uint64_t time) {
    return event(phase, slice.name, slice.category, track).time("ts", time);
}

// Inside of the slice, and where a signal is, before what it lets go on: it begins before the value is there.
void append_flow(const Slice::Record& slice, Track track, Interval interval) {
    const bool is_start = slice.flow_end == FlowEnd::from_here;
    const std::uint64_t inside = std::min<std::uint64_t>(interval.end - interval.begin, 1);
    Members flow = event(is_start ? "s" : "f", "fence", "flow", track);
    flow.time("ts", is_start ? interval.begin + inside : interval.end - inside).address("id", slice.flow);
    append(line(is_start ? flow : flow.text("bp", "e")));
}

void append_slice(const Slice::Record& slice) {
    Interval interval{slice.begin, now()};
    Track track = track_of_this_thread();
    if (slice.is_on_stream) {
        track = track_of(slice.stream);
        interval = placed(track, interval);
    }
    const bool has_flow = slice.flow != 0 && !slice.has_failed;
    if (slice.is_announced) {
        if (has_flow) append_flow(slice, track, interval);
        append(line(event_of("E", slice, track, interval.end).object("args", slice.arguments)));
        return;
    }
    Members whole = event_of("X", slice, track, interval.begin);
    append(line(whole.time("dur", interval.end - interval.begin).object("args", slice.arguments)));
    if (has_flow) append_flow(slice, track, interval);
}

}  // namespace

Slice::Record* Slice::begin(std::string_view function) noexcept {
    const Function* const found = find_function(function);
    if (found == nullptr) return nullptr;
    Record* const record = begun({.name = found->name, .category = found->category});
    if (record != nullptr) nvtx::push(found->name.data());
    return record;
}

Slice::Record* Slice::begin(const char* name, const Stream& stream) noexcept {
    return begun({.name = name, .category = kStreamCategory, .is_on_stream = true, .stream = stream});
}

void Slice::end(Record* record) noexcept {
    const std::unique_ptr<const Record> ended(record);
    t_newest = record->outer;
    if (!record->is_on_stream) nvtx::pop();
    if (has_file()) quietly([&] { append_slice(*record); });
}

void note_text(std::string_view key, std::string_view value) noexcept {
    note([&](Members& arguments) { arguments.text(key, value); });
}

void note_number(std::string_view key, std::uint64_t value) noexcept {
    note([&](Members& arguments) { arguments.number(key, value); });
}

void note_address(std::string_view key, std::uint64_t value) noexcept {
    note([&](Members& arguments) { arguments.address(key, value); });
}

void note_flow(FlowEnd end, std::uint64_t id) noexcept {
    if (t_newest == nullptr) return;
    t_newest->flow_end = end;
    t_newest->flow = id;
}

void announce() noexcept {
    Slice::Record* const slice = t_newest;
    if (slice == nullptr || slice->is_on_stream || slice->is_announced || !has_file()) return;
    quietly([&] {
        Members begun = event_of("B", *slice, track_of_this_thread(), slice->begin);
        append(line(begun.object("args", std::exchange(slice->arguments, {}))));
        slice->is_announced = true;
    });
}

void note_failure(std::string_view function, const char* code, std::string_view text, bool is_refusal) noexcept {
    note([&](Members& arguments) { arguments.text("result", code); });
    for (Slice::Record* slice = t_newest; slice != nullptr; slice = slice->outer)
        slice->has_failed = true;
    if (!is_refusal || !has_file()) return;
    quietly([&] {
        Members refused = event("i", code, "refusal", track_of_this_thread()).time("ts", now()).text("s", "t");
        append(line(refused.object("args", Members().text("function", function).text("text", text))));
    });
}

}  // namespace opennvsci::trace
