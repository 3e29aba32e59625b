// SPDX-License-Identifier: Apache-2.0
#include "text_width.h"

#include <locale.h>
#include <wchar.h>

#include <algorithm>

#include "utf8.h"

namespace opennvsci::tool {
namespace {

// The C library has the widths, of the version of Unicode that terminals on this machine are likely to have too. Only a
// locale with UTF-8 knows them, and what the user's environment says is not asked.
class UnicodeLocale {
  public:
    UnicodeLocale() : before_(::uselocale(unicode())) {}
    UnicodeLocale(const UnicodeLocale&) = delete;
    UnicodeLocale& operator=(const UnicodeLocale&) = delete;
    ~UnicodeLocale() { ::uselocale(before_); }

    [[nodiscard]] static std::size_t width_of(char32_t point) {
        const int width = point < 0x80 || unicode() == nullptr ? 1 : ::wcwidth(static_cast<wchar_t>(point));
        return width < 0 ? 1 : static_cast<std::size_t>(width);  // one that is not known yet is shown as something
    }

  private:
    // Null where there is none: then all have one column.
    static locale_t unicode() {
        static const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        return made;
    }
    const locale_t before_;  // null changes nothing
};

// The bytes of the first character, or of one that is none.
std::size_t take(std::string_view text, std::size_t& width) {
    const auto [point, size] = utf8::first_character(text);
    width = size == 0 ? 1 : UnicodeLocale::width_of(point);
    return std::max<std::size_t>(size, 1);
}

}  // namespace

std::size_t width_of(std::string_view text) {
    const UnicodeLocale locale;
    std::size_t all = 0;
    while (!text.empty()) {
        std::size_t width = 0;
        text.remove_prefix(take(text, width));
        all += width;
    }
    return all;
}

std::size_t bytes_of(std::string_view text, std::size_t width) {
    const UnicodeLocale locale;
    std::size_t bytes = 0;
    for (std::size_t used = 0; bytes < text.size();) {
        std::size_t more = 0;
        const std::size_t size = take(text.substr(bytes), more);
        if (bytes > 0 && used + more > width) break;
        used += more;
        bytes += size;
    }
    return bytes;
}

}  // namespace opennvsci::tool
