// SPDX-License-Identifier: Apache-2.0
#include "api/inspection_document.h"

#include <unistd.h>

#include "api/handles.h"
#include "ipc/inspection_answerer.h"
#include "ipc/onlooker.h"
#include "ipc/overview.h"
#include "nvscibuf.h"

namespace opennvsci::api {
namespace {

constexpr int kFormatVersion = 1;
constexpr std::size_t kKindsInAll = 12;
// An entry, which is begun while there is room, has less than that.
constexpr std::size_t kMostBytesOfAnEntry = std::size_t{128} << 10;
static_assert(kKindsInAll * (InspectionWriter::kMostBytesOfAKind + kMostBytesOfAnEntry) <
              ipc::inspection::kMostAnswerBytes);

void write_modules(InspectionWriter& out) {
    const auto each = [&](const char* library, ModuleTable& table, std::size_t& count) {
        table.for_each_own([&](std::uint64_t number, const std::shared_ptr<attr::Module>& module) {
            ++count;
            out.know_module(module.get(), number);
            out.entry([&] {
                out.handle("handle", number);
                out.text("library", library);
                out.since(static_cast<const OpenModule&>(*module).since);
            });
        });
    };
    out.kind("modules", "count", [&] {
        std::size_t count = 0;
        each("NvSciBuf", modules(), count);
        each("NvSciSync", sync_modules(), count);
        return count;
    });
}

const char* state_name(ipc::State state) noexcept {
    switch (state) {
        case ipc::State::closed:
            return "not_reset";
        case ipc::State::sync:
            return "waiting";
        case ipc::State::ack:
            return "connecting";
        case ipc::State::established:
            return "connected";
    }
    return "unknown";
}

void write_endpoints(InspectionWriter& out) {
    out.kind_of_table("endpoints", endpoints(), [&](std::uint64_t, const std::shared_ptr<ipc::Endpoint>& endpoint) {
        out.text("name", endpoint->name());
        out.text("peer", endpoint->peer_name());
        const auto seen = endpoint->glimpse();
        out.text("state", seen ? state_name(seen->state) : "closed");
        const auto waiting = seen ? seen->waiting : std::nullopt;
        waiting ? out.number("unread_frames", waiting->frames) : out.null("unread_frames");
        waiting ? out.number("parked_descriptors", waiting->descriptors) : out.null("parked_descriptors");
        out.since(endpoint->since());
    });
}

}  // namespace

std::string inspection_document() {
    std::string made;
    InspectionWriter out(made);
    out.json().begin_object();
    out.number("format_version", kFormatVersion);
    out.json().key("process");
    out.json().begin_object();
    out.number("pid", ::getpid());
    out.text("name", ipc::overview::program_of(::getpid()));
    out.json().end_object();
    out.text("version", OPENNVSCI_VERSION_STRING);
    out.text("time", out.time_text({}));
    write_modules(out);  // first: the others name them
    write_lists(out);
    write_buffers(out);
    write_sync_objects(out);
    write_endpoints(out);
    out.json().end_object();
    return made += '\n';
}

}  // namespace opennvsci::api
