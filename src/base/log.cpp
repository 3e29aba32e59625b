// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace opennvsci::log {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames{"error", "warning", "notice", "info", "debug"};

Level level_from_environment() noexcept {
    const char* wanted = std::getenv("OPENNVSCI_LOG");
    if (wanted == nullptr) return Level::notice;
    const auto* found = std::find(kLevelNames.begin(), kLevelNames.end(), std::string_view(wanted));
    return found == kLevelNames.end() ? Level::notice : static_cast<Level>(found - kLevelNames.begin());
}

}  // namespace

bool enabled(Level level) noexcept {
    static const Level threshold = level_from_environment();
    return level <= threshold;
}

void write(Level level, std::string_view text) noexcept {
    if (!enabled(level)) return;
    const int saved_errno = errno;
    // One buffer and one write, so that lines of several threads do not mix. Longer texts are cut.
    std::array<char, 2048> line{};
    std::size_t used = 0;
    const auto append = [&](std::string_view part) {
        const std::size_t count = std::min(part.size(), line.size() - 1 - used);
        std::memcpy(line.data() + used, part.data(), count);
        used += count;
    };
    append("opennvsci: ");
    append(kLevelNames[static_cast<std::size_t>(level)]);
    append(": ");
    append(text);
    line[used++] = '\n';
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), used);
    errno = saved_errno;
}

}  // namespace opennvsci::log
