// SPDX-License-Identifier: Apache-2.0
//
// Slice: what a trace shows of a call, from its begin to its end, on the track of the calling thread; or of the part of
// a call that works on a stream, on the stream's track. What is noted goes to the newest slice of the calling thread
// that has not ended, and nowhere if there is none.
//
// Off: a Slice is a pointer that is null. On: nothing of this fails a call, takes a lock or changes errno; what lacks
// memory is left out. What is noted of a timeline is asked of it under its own lock (sync/trace_notes.h).
#pragma once

#include <cstdint>
#include <string_view>

#include "trace/output.h"
#include "trace/tracks.h"

namespace opennvsci::trace {

class Slice {
  public:
    /// Of a call of the public function `function`, a text that stays, if calls of it are shown (trace/functions.h).
    explicit Slice(std::string_view function) noexcept {
        if (is_on()) [[unlikely]]
            record_ = begin(function);
    }
    /// Of what a call does on a stream.
    Slice(const char* name, const Stream& stream) noexcept {
        if (is_on()) [[unlikely]]
            record_ = begin(name, stream);
    }
    Slice(const Slice&) = delete;
    Slice& operator=(const Slice&) = delete;
    ~Slice() {
        if (record_ != nullptr) [[unlikely]]
            end(record_);
    }

    struct Record;

  private:
    [[nodiscard]] static Record* begin(std::string_view function) noexcept;
    [[nodiscard]] static Record* begin(const char* name, const Stream& stream) noexcept;
    static void end(Record* record) noexcept;

    Record* record_ = nullptr;
};

/// Runs `note`, which looks for what is to be noted, if calls are traced.
template <class Note>
void when_on(Note&& note) noexcept {
    if (is_on()) [[unlikely]]
        note();
}

// `key` is a word without anything to escape.

void note_text(std::string_view key, std::string_view value) noexcept;
void note_number(std::string_view key, std::uint64_t value) noexcept;
void note_address(std::string_view key, std::uint64_t value) noexcept;

/// An arrow from the slice that begins flow `id` to those that end it, in all processes; a slice has one, and none if
/// its call fails.
enum class FlowEnd : std::uint8_t { from_here, to_here };
void note_flow(FlowEnd end, std::uint64_t id) noexcept;

/// Writes that the slice has begun, with what is noted by now: its call may never return.
void announce() noexcept;

/// Tells that the call fails with a code of this name. A refusal, which is not what the program asked for, is an event
/// of its own, and of all functions.
void note_failure(std::string_view function, const char* code, std::string_view text, bool is_refusal) noexcept;

}  // namespace opennvsci::trace
