// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "commands.h"
#include "explain/apply.h"
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
    OPENNVSCI_TRY(check(opennvsciGetDriver(&driver), "opennvsciGetDriver"));
    std::string text = fmt::format("On the machine {}:", printable(machine));
    for (std::size_t i = 0; i < driver->deviceCount; ++i)
        text += fmt::format("{} {}", i == 0 ? "" : ",", printable(driver->devices[i].name));
    return text + '\n';
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
            return take(followed.negotiation, followed.rerun, &followed.changes);
        }
        OPENNVSCI_TRY_ASSIGN(rerun, Rerun::of(negotiation));
        return take(negotiation, rerun, nullptr);
    }
    [[nodiscard]] std::string page() const { return page_of(pages_); }
    /// Whether a negotiation has the key of --why.
    [[nodiscard]] bool has_found_key() const noexcept { return has_found_key_; }

  private:
    [[nodiscard]] Result<bool> take(const Negotiation& negotiation, Rerun& rerun,
                                    const std::vector<std::string>* changes) {
        const bool reconciles = rerun.reconciles();
        Json fields;  // made first: the report of a refusal goes with the next call that fails
        if (!options_.html.empty()) fields = negotiation_json(negotiation, rerun.report());
        if (options_.html != "-") OPENNVSCI_TRY(show(negotiation, rerun, changes));
        if (options_.html.empty()) return reconciles;
        OPENNVSCI_TRY_ASSIGN(layout, draw_layout(rerun));
        pages_.push_back({std::move(fields), std::move(layout)});
        return reconciles;
    }

    [[nodiscard]] Result<> show(const Negotiation& negotiation, const Rerun& rerun,
                                const std::vector<std::string>* changes) {
        if (options_.json) {
            // What devices and programs are called may be no UTF-8.
            print("{}\n",
                  negotiation_json(negotiation, rerun.report()).dump(-1, ' ', true, Json::error_handler_t::replace));
            return {};
        }
        if (!std::exchange(is_first_, false)) print_text("\n");
        if (has_headings_) print_text(wrapped(origin_text(negotiation), width_));
        if (changes != nullptr) show_changes(*changes, rerun.report().verdict);
        if (!options_.why.empty()) return show_why(negotiation, rerun.report());
        const OpenNvSciReport& report = rerun.report();
        print_text(wrapped(end_text(negotiation, report), width_));
        if (changes == nullptr) print_text(wrapped(difference_text(negotiation, report), width_));
        print("\n{}\n", matrix(report, {options_.all, width_, has_colours_}));
        print_text(wrapped(options_.all ? report.fullText : report.text, width_));
        return {};
    }

    void show_changes(const std::vector<std::string>& changes, OpenNvSciVerdict verdict) const {
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
        print_text(wrapped(key ? why_text(report, **key) : key.error().text, width_));
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
    if (has_page && !is_page_on_stdout) OPENNVSCI_TRY(check_may_write(options.html, existing));
    OPENNVSCI_TRY_ASSIGN(file, read_negotiations(options.file));
    for (const std::size_t line : file.cut_lines)
        std::fprintf(stderr, "opennvsci: %s:%zu: the line is cut off, and left out\n", file.name.c_str(), line);
    const std::size_t count = file.negotiations.size();
    if (options.only > count) {
        return fail(
            fmt::format("{} has {} negotiation{}, not {}", file.name, count, count == 1 ? "" : "s", options.only));
    }
    if (!options.machine.empty()) {
        OPENNVSCI_TRY_ASSIGN(machine, begin_on(options.machine));
        if (!options.json && !is_page_on_stdout) print_text(wrapped(machine, terminal_width()));
    }
    Explainer explainer(options, count > 1);
    bool all_reconcile = true;
    for (const Negotiation& negotiation : file.negotiations) {
        if (options.only != 0 && negotiation.number != options.only) continue;
        OPENNVSCI_TRY_ASSIGN(reconciles, explainer.explain(negotiation));
        all_reconcile = all_reconcile && reconciles;
    }
    if (!options.why.empty() && !explainer.has_found_key()) return fail("--why: no negotiation has this key");
    if (is_page_on_stdout) print_text(explainer.page());
    if (has_page && !is_page_on_stdout) OPENNVSCI_TRY(write_file(options.html, explainer.page(), existing));
    return all_reconcile;
}

}  // namespace opennvsci::tool
