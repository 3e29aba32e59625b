// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "commands.h"
#include "doctor/own_command.h"
#include "explain/apply.h"
#include "explain/gpu_names.h"
#include "explain/matrix.h"
#include "explain/negotiation_file.h"
#include "explain/page.h"
#include "explain/rerun.h"
#include "explain/why.h"
#include "explain/words.h"
#include "file.h"
#include "layout/memory_map.h"
#include "layout/negotiated_layout.h"
#include "machine.h"
#include "output.h"

namespace opennvsci::tool {
namespace {

constexpr std::chrono::milliseconds kLongestLook{30'000};

bool has_colours() {
    const char* const no_colour = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    const bool is_unwanted = no_colour != nullptr && *no_colour != '\0';
    const bool is_dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
    return ::isatty(STDOUT_FILENO) == 1 && !is_unwanted && !is_dumb;
}

// Takes over the machine, and says which one it is.
Result<std::string> begin_on(const std::string& machine) {
    OPENNVSCI_TRY_ASSIGN(path, find_machine(machine));
    OPENNVSCI_TRY(use_machine(path));
    const OpenNvSciDriver* driver = nullptr;
    if (const auto got = check(opennvsciGetDriver(&driver), "opennvsciGetDriver"); !got) {
        // What is wrong with the file the library only prints, and OPENNVSCI_LOG may keep it from that.
        const CommandOutcome told = run_own_command({"devices", "--json"}, {"OPENNVSCI_LOG=error"}, kLongestLook);
        return fail(told.json() ? got.error().text : printable(told.first_reason()));
    }
    std::string text = fmt::format("On the machine {}:", printable(machine));
    for (std::size_t i = 0; i < driver->deviceCount; ++i)
        text += fmt::format("{} {}", i == 0 ? "" : ",", printable(driver->devices[i].name));
    return text + '\n';
}

// Of the negotiations that are left out the first ones are told, because a file may be of nothing else.
constexpr std::size_t kMostTold = 5;

void tell_more(const NegotiationFile& file, std::size_t count, const char* what) {
    if (count <= kMostTold) return;
    std::fprintf(stderr, "opennvsci: %s: %zu more %s left out\n", file.name.c_str(), count - kMostTold, what);
}

void tell_what_is_left_out(const NegotiationFile& file) {
    for (std::size_t i = 0; i < std::min(file.mistakes.size(), kMostTold); ++i)
        std::fprintf(stderr, "opennvsci: %s; left out\n", file.mistakes[i].c_str());
    tell_more(file, file.mistakes.size(), "negotiations cannot be read, and are");
}

// "4 negotiations: 2 reconcile, 1 does not ([3]), 1 was left out."
std::string overview(const NegotiationFile& file, const std::vector<std::size_t>& refused, std::size_t left_out) {
    constexpr std::size_t kMostNumbers = 10;
    const std::size_t reconcile = file.negotiations.size() + file.mistakes.size() - refused.size() - left_out;
    std::string text = fmt::format("{} negotiations: {} reconcile{}", file.count, reconcile, reconcile == 1 ? "s" : "");
    if (!refused.empty()) {
        const std::size_t named = std::min(refused.size(), kMostNumbers);
        text += fmt::format(", {} {} not ([{}]{})", refused.size(), refused.size() == 1 ? "does" : "do",
                            fmt::join(std::span(refused).first(named), "], ["), named < refused.size() ? ", …" : "");
    }
    if (left_out != 0) text += fmt::format(", {} {} left out", left_out, left_out == 1 ? "was" : "were");
    return text + ".\n";
}

// The memory map of a buffer that was negotiated; empty if there is none.
Result<std::string> draw_layout(Rerun& rerun) {
    const OpenNvSciBufLayout* layout = nullptr;
    if (rerun.buffer() == nullptr) return std::string();
    OPENNVSCI_TRY(check(opennvsciBufAttrListGetLayout(rerun.buffer(), &layout), "opennvsciBufAttrListGetLayout"));
    return draw_memory_map({"the buffer", rerun.take_buffer(), layout});
}

// Prints negotiations, each when it is made, and collects them for a page.
class Explainer {
  public:
    Explainer(const ExplainOptions& options, bool is_one_of_several)
        : options_(options), has_headings_(is_one_of_several) {}

    /// Whether it reconciles.
    [[nodiscard]] Result<bool> explain(const Negotiation& negotiation) {
        if (options_.apply) {
            OPENNVSCI_TRY_ASSIGN(followed, follow_suggestions(negotiation));
            return take(followed.negotiation, followed.rerun, &followed);
        }
        OPENNVSCI_TRY_ASSIGN(rerun, Rerun::of(negotiation));
        return take(negotiation, rerun, nullptr);
    }
    [[nodiscard]] std::string page() const { return page_of(pages_); }
    /// Whether a negotiation has the key of --why.
    [[nodiscard]] bool has_found_key() const noexcept { return has_found_key_; }

  private:
    [[nodiscard]] Result<bool> take(const Negotiation& negotiation, Rerun& rerun, const Followed* followed) {
        const bool reconciles = rerun.reconciles();
        Json fields;  // made first: the report of a refusal goes with the next call that fails
        if (!options_.html.empty()) fields = json_of(negotiation, rerun);
        if (options_.html != "-") OPENNVSCI_TRY(show(negotiation, rerun, followed));
        if (options_.html.empty()) return reconciles;
        OPENNVSCI_TRY_ASSIGN(layout, draw_layout(rerun));
        pages_.push_back({std::move(fields), std::move(layout)});
        return reconciles;
    }

    [[nodiscard]] Json json_of(const Negotiation& negotiation, const Rerun& rerun) const {
        Json fields =
            negotiation_json(negotiation, rerun, options_.apply || !options_.machine.empty() || !options_.gpus.empty());
        if (!options_.machine.empty()) fields["machine"] = printable(options_.machine);
        return fields;
    }

    [[nodiscard]] Result<> show(const Negotiation& negotiation, const Rerun& rerun, const Followed* followed) {
        if (options_.json) {
            // What devices and programs are called may be no UTF-8.
            print("{}\n", json_of(negotiation, rerun).dump(-1, ' ', true, Json::error_handler_t::replace));
            return {};
        }
        if (!std::exchange(is_first_, false)) print_text("\n");
        if (has_headings_ || !negotiation.origin.empty()) print_text(wrapped(origin_text(negotiation), width_));
        if (followed != nullptr) show_changes(*followed, rerun.report().verdict);
        if (!options_.why.empty()) return show_why(negotiation, rerun.report());
        const OpenNvSciReport& report = rerun.report();
        print_text(wrapped(end_text(negotiation, report), width_));
        if (followed == nullptr) print_text(wrapped(difference_text(negotiation, report), width_));
        print("\n{}\n", matrix(report, {options_.all, width_, has_colours_}));
        print_text(wrapped(options_.all ? report.fullText : report.text, width_));
        print_text(wrapped(gpu_hint(report), width_));
        return {};
    }

    void show_changes(const Followed& followed, OpenNvSciVerdict verdict) const {
        const std::vector<std::string>& changes = followed.changes;
        if (followed.steps_taken_back != 0) {
            print_text(wrapped(fmt::format("After {} suggestions it still does not reconcile; they are taken back.\n\n",
                                           followed.steps_taken_back),
                               width_));
            if (changes.empty()) return;
        }
        const bool is_granted = verdict == OpenNvSciVerdict_Granted;
        const char* const nothing = is_granted
                                        ? "Nothing had to be changed.\n"
                                        : "Nothing was changed: no suggestion helps without a choice of yours.\n";
        print_text(changes.empty() ? wrapped(nothing, width_) : "Changed:\n");
        for (const std::string& change : changes)
            print_text(wrapped("  " + change, width_));
        print_text("\n");
    }

    // Among several negotiations some may be of the other interface.
    [[nodiscard]] Result<> show_why(const Negotiation& negotiation, const OpenNvSciReport& report) {
        const auto key = key_of(negotiation, report, options_.why);
        if (!key && !has_headings_) return tl::make_unexpected(key.error());
        print_text(wrapped(key ? why_text(report, *key, options_.all) : key.error().text, width_));
        has_found_key_ = has_found_key_ || key;
        return {};
    }

    const ExplainOptions& options_;
    const bool has_headings_;
    const bool has_colours_ = has_colours();
    const std::size_t width_ = terminal_width();
    bool is_first_ = true;
    bool has_found_key_ = false;
    std::vector<PageNegotiation> pages_;
};

}  // namespace

Result<bool> explain(const ExplainOptions& options) {
    const Existing existing = options.force ? Existing::replace : Existing::keep;
    const bool has_page = !options.html.empty();
    const bool is_page_on_stdout = options.html == "-";
    if (has_page && !is_page_on_stdout) {
        std::error_code none;
        if (std::filesystem::equivalent(options.html, options.file, none))
            return fail("--html names the negotiation file itself, which would be lost");
        OPENNVSCI_TRY(check_may_write(options.html, existing));
    }
    OPENNVSCI_TRY_ASSIGN(gpus, GpuNames::of(options.gpus));
    OPENNVSCI_TRY_ASSIGN(file, read_negotiations(options.file, options.only, std::move(gpus)));
    tell_what_is_left_out(file);
    if (!options.machine.empty()) {
        OPENNVSCI_TRY_ASSIGN(machine, begin_on(options.machine));
        if (!options.json && !is_page_on_stdout) print_text(wrapped(machine, terminal_width()));
    } else {
        // An error says what came of its suggestion only if the driver is there already.
        const OpenNvSciDriver* driver = nullptr;
        (void)opennvsciGetDriver(&driver);
    }
    Explainer explainer(options, file.count > 1);
    std::vector<std::size_t> refused;
    std::size_t not_tried = 0;
    for (const Negotiation& negotiation : file.negotiations) {
        const Result<bool> reconciles = explainer.explain(negotiation);
        if (!reconciles && file.count == 1) return reconciles;
        if (reconciles && !*reconciles) refused.push_back(negotiation.number);
        if (reconciles || ++not_tried > kMostTold) continue;
        flush_output();  // of those before it
        std::fprintf(stderr, "opennvsci: %s; left out\n", reconciles.error().text.c_str());
    }
    tell_more(file, not_tried, "negotiations cannot be tried, and are");
    const bool is_any_told = not_tried < file.negotiations.size();
    const bool is_any_left_out = !file.mistakes.empty() || not_tried != 0;
    const bool has_overview = file.count > 1 && options.only == 0 && !options.json && options.why.empty() && !has_page;
    if (has_overview)
        print_text('\n' + wrapped(overview(file, refused, file.mistakes.size() + not_tried), terminal_width()));
    if (is_page_on_stdout && is_any_told) print_text(explainer.page());
    if (has_page && !is_page_on_stdout && is_any_told)
        OPENNVSCI_TRY(write_file(options.html, explainer.page(), existing));
    if (is_any_left_out) return fail("");  // which were told
    if (!options.why.empty() && !explainer.has_found_key()) return fail("--why: no negotiation has this key");
    return refused.empty();
}

}  // namespace opennvsci::tool
