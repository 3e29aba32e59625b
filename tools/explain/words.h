// SPDX-License-Identifier: Apache-2.0
//
// The short words in which tables and headings tell a report.
#pragma once

#include <string>
#include <string_view>

#include "explain/negotiation_file.h"
#include "opennvsci.h"

namespace opennvsci::tool {

/// "as asked", "refused: nobody says it".
[[nodiscard]] std::string decision_text(const OpenNvSciDecision& decision);

/// "NvSciBuf, 2 participants: does not reconcile".
[[nodiscard]] std::string end_text(const Negotiation& negotiation, const OpenNvSciReport& report);

/// Which one of a file it is: "[2] NvSciBufAttrListReconcile, camera.cpp:42, process 4711 (camera), TIME".
[[nodiscard]] std::string origin_text(const Negotiation& negotiation);

/// A line if a captured negotiation ended in another way, or if a key has another value; one more if there are lists of
/// peers, whose asks count as this process's here. Else empty.
[[nodiscard]] std::string difference_text(const Negotiation& negotiation, const OpenNvSciReport& report);

/// A text of several lines for a terminal: what is too long goes on in the next line, further in than it began.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width);

}  // namespace opennvsci::tool
