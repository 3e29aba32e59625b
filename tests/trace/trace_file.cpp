// SPDX-License-Identifier: Apache-2.0
#include "trace_file.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <ios>
#include <iterator>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "this_program.h"

namespace opennvsci::test {
namespace {

using TrackNumber = std::pair<std::int64_t, std::int64_t>;

TrackNumber track_of(const Event& event) {
    return {event.at("pid").get<std::int64_t>(), event.at("tid").get<std::int64_t>()};
}

std::int64_t time_of(const Event& event, const char* key = "ts") {
    return std::llround(event.at(key).get<double>() * 1000);
}

// Refuses a name that an object has twice, of which readers take any.
Event parse(const std::string& text) {
    std::vector<std::set<std::string>> names;
    const auto look = [&](int, Event::parse_event_t kind, Event& value) {
        if (kind == Event::parse_event_t::object_start) names.emplace_back();
        if (kind == Event::parse_event_t::object_end) names.pop_back();
        if (kind == Event::parse_event_t::key) {
            EXPECT_TRUE(names.back().insert(value.get<std::string>()).second) << "twice " << value << " in " << text;
        }
        return true;
    };
    return Event::parse(text, look);
}

}  // namespace

struct TraceFile::Track {
    TrackNumber number;
    std::vector<Interval> slices;
};

TraceFile::TraceFile(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::string text;
    EXPECT_TRUE(std::getline(stream, text)) << path;
    EXPECT_EQ(text, "[");
    while (std::getline(stream, text)) {
        EXPECT_FALSE(stream.eof()) << "a line without an end: " << text;
        // Where many threads write, one may have taken another's line, half of it seen, for one that was cut.
        if (text.empty()) continue;
        EXPECT_TRUE(text.ends_with(',')) << text;
        text.pop_back();
        try {
            events_.push_back(parse(text));
        } catch (const Event::parse_error& error) {
            ADD_FAILURE() << error.what() << ": " << text;
        }
    }
}

std::vector<Event> TraceFile::all(std::string_view phase, std::string_view name) const {
    std::vector<Event> found;
    std::ranges::copy_if(events_, std::back_inserter(found), [&](const Event& event) {
        return event.at("ph") == phase && (name.empty() || event.at("name") == name);
    });
    return found;
}

Event TraceFile::slice(std::string_view name) const {
    const std::vector<Event> found = all("X", name);
    EXPECT_EQ(found.size(), 1U) << name;
    return found.empty() ? Event{{"args", Event::object()}} : found.front();
}

std::vector<std::string> TraceFile::names(std::string_view kind) const {
    std::vector<std::string> found;
    for (const Event& event : all("M", kind))
        found.push_back(event.at("args").at("name"));
    return found;
}

void TraceFile::check_members(const Event& event) const {
    const std::string phase = event.at("ph");
    EXPECT_NE(std::string("MXBEisf").find(phase), std::string::npos) << event;
    for (const char* key : {"name", "cat"})
        EXPECT_TRUE(event.at(key).is_string()) << event;
    for (const char* key : {"pid", "tid"})
        EXPECT_TRUE(event.at(key).is_number_unsigned()) << event;
    EXPECT_EQ(event.contains("ts"), phase != "M") << event;
    EXPECT_EQ(event.contains("dur"), phase == "X") << event;
    EXPECT_EQ(event.contains("id"), phase == "s" || phase == "f") << event;
    EXPECT_EQ(event.contains("args"), phase != "s" && phase != "f") << event;
    if (phase == "f") {
        EXPECT_EQ(event.at("bp"), "e") << event;
    }
    if (phase == "i") {
        EXPECT_EQ(event.at("s"), "t") << event;
    }
}

// A slice that has not ended goes on to the end of the trace.
std::vector<TraceFile::Track> TraceFile::tracks() const {
    std::map<TrackNumber, std::vector<Interval>> slices;
    std::map<TrackNumber, std::vector<std::int64_t>> open;
    for (const Event& event : events_) {
        const std::string phase = event.at("ph");
        const TrackNumber track = track_of(event);
        if (phase == "X") slices[track].push_back({time_of(event), time_of(event) + time_of(event, "dur")});
        if (phase == "B") open[track].push_back(time_of(event));
        if (phase != "E") continue;
        EXPECT_FALSE(open[track].empty()) << "an end without a begin: " << event;
        if (open[track].empty()) continue;
        slices[track].push_back({open[track].back(), time_of(event)});
        open[track].pop_back();
    }
    for (const auto& [track, begins] : open) {
        for (const std::int64_t begin : begins)
            slices[track].push_back({begin, INT64_MAX});
    }
    std::vector<Track> found;
    for (auto& [number, all] : slices)
        found.push_back({number, std::move(all)});
    return found;
}

void TraceFile::check_arrows(const std::vector<Track>& tracks) const {
    std::map<std::string, std::int64_t> begins;
    for (const Event& event : all("s"))
        EXPECT_TRUE(begins.emplace(event.at("id"), time_of(event)).second) << "a signal twice: " << event;
    for (const Event& event : events_) {
        if (event.at("ph") != "s" && event.at("ph") != "f") continue;
        const auto track = std::ranges::find(tracks, track_of(event), &Track::number);
        const std::int64_t time = time_of(event);
        const auto encloses = [&](const Interval& slice) { return slice.begin <= time && time <= slice.end; };
        EXPECT_TRUE(track != tracks.end() && std::ranges::any_of(track->slices, encloses)) << event;
    }
    for (const Event& event : all("f")) {
        const auto begin = begins.find(event.at("id").get<std::string>());
        EXPECT_NE(begin, begins.end()) << "an arrow from nowhere: " << event;
        if (begin != begins.end()) {
            EXPECT_LE(begin->second, time_of(event)) << event;
        }
    }
}

void TraceFile::check_sound() const {
    std::set<TrackNumber> named;
    std::set<std::int64_t> named_processes;
    for (const Event& event : events_) {
        check_members(event);
        if (event.at("name") == "thread_name") named.insert(track_of(event));
        if (event.at("name") == "process_name") named_processes.insert(track_of(event).first);
    }
    for (const Event& event : events_) {
        EXPECT_TRUE(named.contains(track_of(event))) << "a track without a name: " << event;
        EXPECT_TRUE(named_processes.contains(track_of(event).first)) << "a process without a name: " << event;
    }
    std::vector<Track> all = tracks();
    for (Track& track : all) {
        std::ranges::sort(track.slices, [](const Interval& a, const Interval& b) {
            return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
        });
        std::vector<Interval> open;
        for (const Interval& slice : track.slices) {
            while (!open.empty() && open.back().end <= slice.begin)
                open.pop_back();
            EXPECT_TRUE(open.empty() || slice.end <= open.back().end)
                << "slices of thread " << track.number.second << " cross at " << slice.begin;
            open.push_back(slice);
        }
    }
    check_arrows(all);
}

void TraceTest::SetUp() {
    std::string name = (std::filesystem::temp_directory_path() / "opennvsci-trace-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ / "trace.json";
}

TraceTest::~TraceTest() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

TraceTest::Outcome TraceTest::run(const std::string& command, const std::filesystem::path& path) {
    const std::string line = "OPENNVSCI_TRACE='" + path.string() + "' exec timeout 300 " + command + " 2>&1";
    FILE* const pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) return {-1, "popen failed"};
    Outcome outcome{};
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        outcome.output += static_cast<char>(c);
    outcome.status = ::pclose(pipe);
    return outcome;
}

TraceTest::Outcome TraceTest::run_program(const std::string& name, const std::filesystem::path& path) {
    return run(
        "'" + this_program().string() + "' --gtest_also_run_disabled_tests --gtest_filter=Traced.DISABLED_" + name,
        path);
}

TraceFile TraceTest::trace_of(const std::string& name) const {
    const Outcome outcome = run_program(name, path_);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("[  PASSED  ] 1 test"), std::string::npos) << outcome.output;
    return TraceFile(path_);
}

}  // namespace opennvsci::test
