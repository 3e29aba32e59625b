// SPDX-License-Identifier: Apache-2.0
//
// Two processes that write one trace: the example that shares buffers and fences.
#include <cstdlib>
#include <map>
#include <set>
#include <string_view>

#include "this_program.h"
#include "trace_file.h"

namespace opennvsci::test {
namespace {

TEST_F(TraceTest, ArrowsGoFromProcessToProcess) {
    constexpr int kFrames = 50;
    const char* const device = std::getenv("OPENNVSCI_DEVICE");
    const std::string libraries = device != nullptr && std::string_view(device) == "soft"
                                      ? "LD_LIBRARY_PATH='" + built("lib/opennvsci/softcuda") + "' "
                                      : "";
    const Outcome outcome =
        run("env OPENNVSCI_RUNTIME_DIR='" + (folder_ / "meet").string() + "' " + libraries + "'" +
                (program_folder() / "producer_consumer").string() + "' --frames " + std::to_string(kFrames),
            path_);
    ASSERT_EQ(outcome.status, 0) << outcome.output;
    const TraceFile trace(path_);
    trace.check_sound();
    EXPECT_EQ(trace.names("process_name").size(), 2U);
    EXPECT_EQ(trace.all("X", "signal").size(), trace.all("s").size());

    std::map<Event, Event> signalers;  // by arrow
    for (const Event& begin : trace.all("s"))
        signalers[begin.at("id")] = begin.at("pid");
    std::map<Event, int> from_elsewhere;  // by process that waits
    for (const Event& end : trace.all("f")) {
        if (signalers[end.at("id")] != end.at("pid")) ++from_elsewhere[end.at("pid")];
    }
    ASSERT_EQ(from_elsewhere.size(), 2U);
    for (const auto& [process, arrows] : from_elsewhere)
        EXPECT_GE(arrows, kFrames - 4) << "the four buffers are free at first";
}

}  // namespace
}  // namespace opennvsci::test
