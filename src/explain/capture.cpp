// SPDX-License-Identifier: Apache-2.0
#include "explain/capture.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <string>

#include "base/appended_file.h"
#include "base/utc.h"
#include "base/without_cancellation.h"
#include "explain/caller.h"
#include "explain/json.h"
#include "explain/source_place.h"

namespace opennvsci::explain {
namespace {

constinit AppendedFile g_file{"OPENNVSCI_CAPTURE", "negotiations are not captured"};

[[gnu::constructor]] void read_settings() {
    g_file.read_variable();
    if (g_file.has_path()) prepare_to_find_callers();
}

void write_call(JsonWriter& out, const Call& call) {
    out.key("call");
    out.begin_object();
    out.key("function");
    out.string(call.function);
    out.key("code");
    out.string(call.code_name);
    if (const auto caller = find_caller(call.library)) {
        // The address is that behind the call, which may belong to the next line.
        if (const auto place = source_place(static_cast<const char*>(caller->address) - 1)) {
            out.key("file");
            out.string(place->file);
            out.key("line");
            out.number(place->line);
        }
        out.key("program");
        out.string(caller->object);
        out.key("offset");
        out.string(fmt::format("{:#x}", caller->offset));
    }
    out.end_object();
}

std::string line_of(const Call& call, const Explanation& explanation, const Error* failure) {
    std::string line;
    JsonWriter out(line);
    out.begin_object();
    out.key("format_version");
    out.number(kFormatVersion);
    write_call(out, call);
    out.key("process");
    out.begin_object();
    out.key("pid");
    out.number(::getpid());
    out.key("name");
    out.string(::program_invocation_short_name);
    out.end_object();
    out.key("time");
    out.string(utc_text(std::chrono::system_clock::now()));
    write_members(out, explanation, failure);
    out.end_object();
    line += '\n';
    return line;
}

}  // namespace

bool is_captured() noexcept {
    return g_file.has_path();
}

void tell_capture_failure() noexcept {
    g_file.tell_path_failure();
}

void capture(const Call& call, const Library& library, const attr::Reconciliation& negotiation) noexcept {
    const int saved_errno = errno;
    const WithoutCancellation guard;
    try {
        const auto& list = negotiation.list;
        g_file.append(line_of(call,
                              explain(library, negotiation.report, list ? list->get() : nullptr,
                                      list ? nullptr : &list.error(), Trying::quietly),
                              list ? nullptr : &list.error()));
    } catch (const std::exception&) {
        g_file.tell_once({AppendProblem::no_memory});
    }
    errno = saved_errno;
}

}  // namespace opennvsci::explain
