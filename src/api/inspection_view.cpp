// SPDX-License-Identifier: Apache-2.0
#include "api/inspection_view.h"

#include <fmt/format.h>

#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "ipc/inspection_query.h"

namespace opennvsci::api {
namespace {

using InspectionOutcome = ipc::inspection::Outcome;

constexpr bool is_same(InspectionOutcome outcome, OpenNvSciInspectionOutcome value) {
    return static_cast<int>(outcome) == static_cast<int>(value);
}
static_assert(is_same(InspectionOutcome::answered, OpenNvSciInspectionOutcome_Answered) &&
              is_same(InspectionOutcome::silent, OpenNvSciInspectionOutcome_Silent) &&
              is_same(InspectionOutcome::broken, OpenNvSciInspectionOutcome_Broken));

/// Answers, and what points into them.
class InspectionView {
  public:
    explicit InspectionView(std::vector<ipc::inspection::Answer> answers) : answers_(std::move(answers)) {
        for (const ipc::inspection::Answer& answer : answers_) {
            OpenNvSciInspection view{};
            view.pid = answer.process;
            view.program = answer.program.c_str();
            view.outcome = static_cast<OpenNvSciInspectionOutcome>(answer.outcome);
            view.answer = answer.bytes.c_str();
            view.answerSize = answer.bytes.size();
            views_.push_back(view);
        }
    }
    [[nodiscard]] std::span<const OpenNvSciInspection> views() const noexcept { return views_; }

  private:
    const std::vector<ipc::inspection::Answer> answers_;
    std::vector<OpenNvSciInspection> views_;
};

}  // namespace

Result<std::span<const OpenNvSciInspection>> inspection_view(std::int64_t pid) {
    thread_local std::unique_ptr<const InspectionView> t_view;
    if (pid < 0 || pid > std::numeric_limits<pid_t>::max())
        return fail(NvSciError_BadParameter, fmt::format("pid is {}, which is no process", pid));
    OPENNVSCI_TRY_ASSIGN(answers, ipc::inspection::ask(static_cast<pid_t>(pid)));
    t_view = std::make_unique<const InspectionView>(std::move(answers));
    return t_view->views();
}

}  // namespace opennvsci::api
