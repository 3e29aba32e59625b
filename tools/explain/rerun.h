// SPDX-License-Identifier: Apache-2.0
//
// Rerun: a negotiation that is made again, here and now, with the lists of a file; and the report of it.
#pragma once

#include <optional>
#include <string>

#include "explain/negotiation_file.h"
#include "nvsci.h"
#include "opennvsci.h"
#include "output.h"
#include "sync.h"

namespace opennvsci::tool {

class Rerun {
  public:
    /// Errors: a list does not take what it is to ask, with the place in the file; the libraries have no report of the
    /// refusal, because the driver or the system failed.
    [[nodiscard]] static Result<Rerun> of(const Negotiation& negotiation);

    /// Of a refusal, until the next call that fails on this thread.
    [[nodiscard]] const OpenNvSciReport& report() const { return *report_; }
    /// What the reconciliation returned.
    [[nodiscard]] NvSciError code() const { return code_; }
    [[nodiscard]] bool reconciles() const { return report_->verdict != OpenNvSciVerdict_Refused; }
    /// The reconciled list of a buffer; null if it is none.
    [[nodiscard]] NvSciBufAttrList buffer() const { return buffer_.get(); }
    /// Takes it away. The report goes with it.
    [[nodiscard]] List take_buffer() { return std::move(buffer_); }

  private:
    template <class Of>
    [[nodiscard]] static Result<Rerun> run(const Negotiation& negotiation, const Of& of,
                                           typename Of::List Rerun::*result);

    // One of them, which the report belongs to.
    List buffer_;
    SyncList sync_;
    const OpenNvSciReport* report_ = nullptr;
    NvSciError code_ = NvSciError_Success;
};

/// How it ended, as the format names it: "granted", "weakened" or "refused".
[[nodiscard]] const char* verdict_name(OpenNvSciVerdict verdict);

/// The negotiation with its report, in the members of the format. What the file says of its origin stays, with the code
/// of this time; `is_another`, because of its lists or its machine, has none.
[[nodiscard]] Json negotiation_json(const Negotiation& negotiation, const Rerun& rerun, bool is_another);

}  // namespace opennvsci::tool
