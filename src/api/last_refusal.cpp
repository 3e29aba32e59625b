// SPDX-License-Identifier: Apache-2.0
#include "api/last_refusal.h"

#include <pthread.h>

#include <new>
#include <string>
#include <utility>

#include "api/call.h"
#include "api/report_view.h"

namespace opennvsci::api {
namespace {

struct Details {
    std::shared_ptr<const Prerequisite> unmet;
    std::shared_ptr<const attr::Report> report;
    const attr::Schema* schema = nullptr;
    Error refusal{};                           // with the report
    std::shared_ptr<const PublicReport> view;  // made when somebody asks
};

// In the static block, so that looking at them costs nothing and works while a thread ends.
constinit thread_local Details* t_details [[gnu::tls_model("initial-exec")]] = nullptr;
constinit thread_local OpenNvSciRefusal t_refusal{};

// A refusal that somebody else keeps, with what its texts point into.
struct Copied : OpenNvSciRefusal {
    explicit Copied(const OpenNvSciRefusal& seen) : OpenNvSciRefusal(seen), text_kept(seen.text) {
        text = text_kept.c_str();
        if (t_details != nullptr) details = *t_details;  // shared: what the others point into stays
    }
    const std::string text_kept;
    Details details;
};

// Ends the details of a thread with it. (A thread_local with a destructor would end the process where there is no
// memory to note that.)
struct EndOfThread {
    EndOfThread() noexcept {
        is_there = ::pthread_key_create(&key, [](void* ended) {
                       t_details = nullptr;
                       delete static_cast<Details*>(ended);
                   }) == 0;
    }
    pthread_key_t key{};
    bool is_there = false;
};

[[gnu::init_priority(1000)]] const EndOfThread g_end_of_thread;

// The details of the last failure, made if there are none; null where they cannot be.
Details* details() noexcept {
    if (t_details != nullptr || !g_end_of_thread.is_there) return t_details;
    std::unique_ptr<Details> made(new (std::nothrow) Details);
    if (made == nullptr || ::pthread_setspecific(g_end_of_thread.key, made.get()) != 0) return nullptr;
    return t_details = made.release();
}

const OpenNvSciReport* report_of(Details& kept) {
    if (kept.report == nullptr) return nullptr;
    if (kept.view == nullptr) {
        kept.view =
            std::make_shared<const PublicReport>(explain::explain(negotiations_of(*kept.schema), kept.report, nullptr,
                                                                  &kept.refusal, explain::Trying::freely),
                                                 &kept.refusal);
    }
    return &kept.view->report();
}

// The last failure, whose texts and report belong to the thread.
NvSciError look(OpenNvSciRefusal& seen) {
    const char* const text = last_failure_text();
    if (*text == '\0') return NvSciError_NotInitialized;
    const Codes codes = last_failure_codes();
    seen = {text, "", "", "", nullptr, codes.code, static_cast<std::int32_t>(codes.cuda), {}};
    if (Details* const kept = t_details; kept != nullptr) {
        if (kept->unmet != nullptr) {
            seen.prerequisite = kept->unmet->what.c_str();
            seen.found = kept->unmet->found.c_str();
            seen.needed = kept->unmet->needed.c_str();
        }
        seen.report = report_of(*kept);
    }
    return NvSciError_Success;
}

// Gives `use` the last failure. Not a call that counts: it leaves what it asks about.
template <class Use>
NvSciError look_and(Use&& use) noexcept try {
    OpenNvSciRefusal seen{};
    const NvSciError code = look(seen);
    if (code == NvSciError_Success) use(seen);
    return code;
} catch (const std::bad_alloc&) {
    return NvSciError_InsufficientMemory;
} catch (...) {
    return NvSciError_ResourceError;
}

}  // namespace

void keep_details(const Error* error) noexcept {
    if (t_details != nullptr) *t_details = {};
    if (error == nullptr || error->unmet == nullptr) return;
    if (Details* const kept = details(); kept != nullptr) kept->unmet = error->unmet;
}

void keep_report(const attr::Schema& schema, std::shared_ptr<const attr::Report> report, Error error) noexcept {
    Details* const kept = details();
    if (kept == nullptr) return;
    kept->schema = &schema;
    kept->report = std::move(report);
    kept->refusal = std::move(error);
}

NvSciError last_refusal(const OpenNvSciRefusal*& refusal) noexcept {
    return look_and([&](const OpenNvSciRefusal& seen) {
        t_refusal = seen;
        refusal = &t_refusal;
    });
}

NvSciError copy_last_refusal(const OpenNvSciRefusal*& refusal) noexcept {
    return look_and([&](const OpenNvSciRefusal& seen) { refusal = new Copied(seen); });
}

void free_refusal(const OpenNvSciRefusal* refusal) noexcept {
    delete static_cast<const Copied*>(refusal);
}

}  // namespace opennvsci::api
