// SPDX-License-Identifier: Apache-2.0
#include "softcuda/json.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

namespace opennvsci::softcuda {

/// Reads one text from its beginning to its end. After the first mistake every step fails.
class JsonReader {
  public:
    JsonReader(std::string_view text, std::string& mistake) : text_(text), mistake_(mistake) {}

    bool read_all(Json& value) {
        if (!read(value)) return false;
        skip_spaces();
        return at_ == text_.size() || fail("there is something behind the end");
    }

  private:
    static constexpr int kMaxDepth = 16;
    static constexpr std::size_t kMaxMembers = 1024;  // of an object or an array

    bool fail(std::string_view what) {
        const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
        mistake_ = "line " + std::to_string(line) + ": " + std::string(what);
        return false;
    }

    [[nodiscard]] char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    void skip_spaces() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

    bool take(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }

    bool read(Json& value) {
        skip_spaces();
        switch (next()) {
            case '{':
                return read_object(value.value_.emplace<Json::Object>());
            case '[':
                return read_array(value.value_.emplace<Json::Array>());
            case '"':
                return read_text(value.value_.emplace<std::string>());
            default:
                return read_word(value);
        }
    }

    bool read_word(Json& value) {
        if (take("null")) return true;
        if (take("true")) {
            value.value_ = true;
            return true;
        }
        if (take("false")) {
            value.value_ = false;
            return true;
        }
        return read_number(value);
    }

    bool read_number(Json& value) {
        const std::size_t size = std::min(text_.find_first_not_of("0123456789+-.eE", at_), text_.size()) - at_;
        const std::string_view word = text_.substr(at_, size);
        const std::string_view digits = word.substr(word.starts_with('-') ? 1 : 0);
        if (digits.empty() || digits[0] < '0' || digits[0] > '9' ||
            (digits.size() > 1 && digits.starts_with("0") && digits[1] >= '0' && digits[1] <= '9')) {
            return fail("no value begins like this");
        }
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        const bool is_whole = error == std::errc{} && end == word.data() + word.size();
        if (is_whole) {
            value.value_ = number;
        } else {
            value.value_ = Json::OtherNumber{};
        }
        at_ += size;
        return true;
    }

    /// The parts of an array or an object, between its brackets, each read by `read_part`.
    template <class ReadPart>
    bool read_parts(char close, ReadPart&& read_part) {
        if (++depth_ > kMaxDepth) return fail("it is too deep");
        ++at_;
        skip_spaces();
        bool is_open = next() != close;
        for (std::size_t count = 0; is_open; ++count) {
            if (count == kMaxMembers) return fail("there are too many members");
            if (!read_part()) return false;
            skip_spaces();
            is_open = next() == ',';
            if (is_open) ++at_;
        }
        if (next() != close) return fail(close == '}' ? "a comma or } is missing" : "a comma or ] is missing");
        ++at_;
        --depth_;
        return true;
    }

    bool read_array(Json::Array& array) {
        return read_parts(']', [&] { return read(array.emplace_back()); });
    }

    bool read_object(Json::Object& object) {
        return read_parts('}', [&] {
            skip_spaces();
            if (next() != '"') return fail("the name of a member is missing");
            std::string name;
            if (!read_text(name)) return false;
            if (std::any_of(object.begin(), object.end(), [&](const auto& member) { return member.name == name; }))
                return fail("a member stands twice");
            skip_spaces();
            if (!take(":")) return fail("a colon is missing");
            object.push_back({std::move(name), {}});
            return read(object.back().value);
        });
    }

    bool read_text(std::string& text) {
        for (++at_; next() != '"'; ++at_) {
            if (at_ == text_.size()) return fail("a text has no end");
            if (static_cast<unsigned char>(next()) < ' ') return fail("a text has a control character");
            if (next() != '\\') {
                text += next();
                continue;
            }
            ++at_;
            if (!read_escape(text)) return false;
        }
        ++at_;
        return true;
    }

    // Moves to the last character of the escape.
    bool read_escape(std::string& text) {
        constexpr std::string_view kLetters = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        const std::size_t letter = kLetters.find(next());
        if (next() != '\0' && letter != std::string_view::npos) {
            text += kMeanings[letter];
            return true;
        }
        unsigned code = 0;
        if (!read_code(code)) return fail("a text has a wrong escape");
        if (code >= 0xD800 && code < 0xDC00) {  // the first half of a pair
            unsigned second = 0;
            at_ += 2;
            if (text_.substr(at_ - 1, 1) != "\\" || !read_code(second) || second < 0xDC00 || second >= 0xE000)
                return fail("a text has a wrong escape");
            code = 0x10000 + ((code - 0xD800) << 10U) + (second - 0xDC00);
        } else if (code >= 0xDC00 && code < 0xE000) {
            return fail("a text has a wrong escape");
        }
        append_utf8(text, code);
        return true;
    }

    bool read_code(unsigned& code) {
        const std::string_view digits = text_.substr(std::min(at_ + 1, text_.size()), 4);
        if (next() != 'u' || digits.size() != 4) return false;
        if (std::from_chars(digits.data(), digits.data() + 4, code, 16).ptr != digits.data() + 4) return false;
        at_ += 4;
        return true;
    }

    static void append_utf8(std::string& text, unsigned code) {
        const auto rest = [&](unsigned shift) { return static_cast<char>(0x80U | (code >> shift & 0x3FU)); };
        if (code < 0x80) {
            text += static_cast<char>(code);
        } else if (code < 0x800) {
            text += {static_cast<char>(0xC0U | code >> 6U), rest(0)};
        } else if (code < 0x10000) {
            text += {static_cast<char>(0xE0U | code >> 12U), rest(6), rest(0)};
        } else {
            text += {static_cast<char>(0xF0U | code >> 18U), rest(12), rest(6), rest(0)};
        }
    }

    std::string_view text_;
    std::string& mistake_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

std::optional<Json> Json::parse(std::string_view text, std::string& mistake) {
    Json value;
    if (!JsonReader(text, mistake).read_all(value)) return std::nullopt;
    return value;
}

const Json* Json::find(std::string_view name) const noexcept {
    if (object() == nullptr) return nullptr;
    for (const Member& member : *object()) {
        if (member.name == name) return &member.value;
    }
    return nullptr;
}

}  // namespace opennvsci::softcuda
