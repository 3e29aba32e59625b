// SPDX-License-Identifier: Apache-2.0
//
// ReportView: the report of a negotiation in the form of the public interface, made when somebody asks for it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "api/made_once.h"
#include "attr/list.h"
#include "explain/capture.h"
#include "opennvsci.h"

namespace opennvsci::api {

/// Prints the wishes that a reconciliation by `function` did not grant, at `info`: the program goes on without them and
/// may wonder. `report` is that of its list.
void tell_denied(const char* function, const attr::Schema& schema, const attr::Report& report) noexcept;

/// The failure of a refused reconciliation, and behind it the ways out with what came of trying them, if that is
/// possible with what is there: no driver is loaded for it, and no context made.
[[nodiscard]] Error with_advice(Error error, const attr::Schema& schema, const attr::Report& report) noexcept;

/// Writes a negotiation by `function` to the file of OPENNVSCI_CAPTURE.
void capture(const char* function, const attr::Schema& schema, const attr::Reconciliation& negotiation) noexcept;

/// The library whose table of keys this is, as explanations need it.
[[nodiscard]] const explain::Library& negotiations_of(const attr::Schema& schema) noexcept;

/// An explanation in the form of the public interface, with all that it points to.
class PublicReport {
  public:
    /// `failure` is that of the call, or null if it succeeded, or is not known.
    PublicReport(explain::Explanation explanation, const Error* failure);
    [[nodiscard]] const OpenNvSciReport& report() const noexcept { return report_; }
    /// Those of its decisions that were made.
    [[nodiscard]] std::span<const OpenNvSciDecision> decided() const noexcept { return {report_.decisions, decided_}; }

  private:
    struct Texts;
    struct TextsDeleter {
        void operator()(Texts* texts) const noexcept;
    };

    [[nodiscard]] OpenNvSciDecision decision_of(const explain::Line& line);
    [[nodiscard]] const OpenNvSciSuggestion* suggestions_of(const explain::Line& line);
    [[nodiscard]] const OpenNvSciChange* changes_of(std::span<const attr::Change> all);

    const explain::Explanation explanation_;
    std::unique_ptr<Texts, TextsDeleter> kept_;
    OpenNvSciReport report_{};
    std::size_t decided_ = 0;
};

class ReportView {
  public:
    /// The report of `list`, which has one. It stays valid as long as this object. Thread-safe.
    [[nodiscard]] Result<const PublicReport*> of(const attr::List& list);

  private:
    MadeOnce<PublicReport> made_;
};

}  // namespace opennvsci::api
