// SPDX-License-Identifier: Apache-2.0
#include "api/last_refusal.h"

#include <new>
#include <utility>

#include "api/call.h"
#include "api/report_view.h"

namespace opennvsci::api {
namespace {

struct Details {
    std::shared_ptr<const Prerequisite> unmet;
    std::shared_ptr<const attr::Report> report;
    const attr::Schema* schema = nullptr;
    std::unique_ptr<const PublicReport> view;  // made when somebody asks
};

// In the static block, so that looking at it costs nothing and works while a thread ends.
constinit thread_local Details* t_details [[gnu::tls_model("initial-exec")]] = nullptr;
constinit thread_local bool t_has_ended [[gnu::tls_model("initial-exec")]] = false;
constinit thread_local OpenNvSciRefusal t_refusal{};

struct EndOfThread {
    ~EndOfThread() {
        delete std::exchange(t_details, nullptr);
        t_has_ended = true;
    }
};

// The details of the last failure, made if there are none; null where they cannot be.
Details* details() noexcept {
    if (t_details == nullptr && !t_has_ended) {
        static thread_local const EndOfThread end;
        (void)&end;
        t_details = new (std::nothrow) Details;
    }
    return t_details;
}

}  // namespace

void keep_details(const Error* error) noexcept {
    if (t_details != nullptr) *t_details = {};
    if (error == nullptr || error->unmet == nullptr) return;
    if (Details* const kept = details(); kept != nullptr) kept->unmet = error->unmet;
}

void keep_report(const attr::Schema& schema, std::shared_ptr<const attr::Report> report) noexcept {
    Details* const kept = details();
    if (kept == nullptr) return;
    kept->schema = &schema;
    kept->report = std::move(report);
}

Result<const OpenNvSciRefusal*> last_refusal() {
    const char* const text = last_failure_text();
    if (*text == '\0') return expected_outcome(NvSciError_NotInitialized, "nothing failed yet on this thread");
    const Codes codes = last_failure_codes();
    OpenNvSciRefusal made{text, "", "", "", nullptr, codes.code, static_cast<std::int32_t>(codes.cuda), {}};
    if (Details* const kept = t_details; kept != nullptr) {
        if (kept->unmet != nullptr) {
            made.prerequisite = kept->unmet->what.c_str();
            made.found = kept->unmet->found.c_str();
            made.needed = kept->unmet->needed.c_str();
        }
        if (kept->report != nullptr && kept->view == nullptr) {
            const Error failure{codes.code, codes.cuda, text};
            kept->view = std::make_unique<const PublicReport>(
                explain::explain(negotiations_of(*kept->schema), kept->report, nullptr), &failure);
        }
        if (kept->view != nullptr) made.report = &kept->view->report();
    }
    t_refusal = made;
    return &t_refusal;
}

}  // namespace opennvsci::api
