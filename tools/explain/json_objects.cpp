// SPDX-License-Identifier: Apache-2.0
#include "explain/json_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "json_text.h"

namespace opennvsci::tool {
namespace {

constexpr std::size_t kMaxObjectBytes = std::size_t{16} << 20U;  // that of a thousand participants has 2 MiB

// A report has 7 levels, and as many asks for a key as there are participants, 1024. The parser looks for each member
// among all before it, so a file of 16 MiB with more of them would take hours.
constexpr JsonLimits kLimits{
    .levels = 32, .members_in_all = std::size_t{1} << 19U, .members = 2048, .name_bytes = 1024};
constexpr std::size_t kMaxPathBytes = 256;  // of a member whose line is remembered

constexpr std::string_view kBlanks = " \t\r\n";

std::string excess_text(JsonExcess excess) {
    switch (excess) {
        case JsonExcess::none:
            break;
        case JsonExcess::levels:
            return fmt::format("it is more than {} levels deep", kLimits.levels);
        case JsonExcess::members_in_all:
            return fmt::format("it has more than {} members in all, the limit", kLimits.members_in_all);
        case JsonExcess::members:
            return fmt::format("an object or an array in it has more than {} members, the limit", kLimits.members);
        case JsonExcess::name_bytes:
            return fmt::format("a name in it has more than {} bytes, the limit", kLimits.name_bytes);
    }
    return {};
}

std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

// Whether the first line was cut off, and another one follows, which would seem to lie within the first object.
bool is_cut_capture(std::string_view text) {
    constexpr std::string_view kNext = "\n{\"format_version\":";  // as a capture has it
    const std::size_t size = json_extent(text, kLimits).size;
    return text.substr(0, size == 0 ? text.size() : size).find(kNext) != std::string_view::npos;
}

// Counts the lines that the parser has taken.
class LineCounter {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    LineCounter(const char* at, std::size_t* line) : at_(at), line_(line) {}
    const char& operator*() const { return *at_; }
    LineCounter& operator++() {
        if (*at_++ == '\n') ++*line_;
        return *this;
    }
    bool operator==(const LineCounter& other) const { return at_ == other.at_; }
    bool operator!=(const LineCounter& other) const { return at_ != other.at_; }

  private:
    const char* at_;
    std::size_t* line_;
};

// Where the parser is, which names it has met, and on which lines.
class PlaceKeeper {
  public:
    PlaceKeeper(const std::size_t& line, std::string_view told) : line_(line), told_(told) {}

    void take(Json::parse_event_t event, const Json& parsed) {
        using Event = Json::parse_event_t;
        switch (event) {
            case Event::object_start:
            case Event::array_start:
                frames_.push_back({event == Event::array_start, 0, {}, {}});
                break;
            case Event::object_end:
            case Event::array_end:
                frames_.pop_back();
                end_value();
                break;
            case Event::value:
                end_value();
                break;
            case Event::key:
                take_name(parsed.get_ref<const std::string&>());
                break;
        }
    }
    /// "LINE" and the path of the first name that stands twice in its object.
    [[nodiscard]] const std::optional<std::pair<std::size_t, std::string>>& repeated() const { return repeated_; }
    [[nodiscard]] std::map<std::string, std::size_t>& lines() { return lines_; }

  private:
    struct Frame {
        bool is_array;
        std::size_t index;
        std::string name;
        std::set<std::string> names;
    };

    void end_value() {
        if (!frames_.empty() && frames_.back().is_array) ++frames_.back().index;
    }
    void take_name(const std::string& name) {
        Frame& frame = frames_.back();
        frame.name = name;
        const bool is_new = frame.names.insert(name).second;
        if (frames_.front().name != told_ && is_new) return;
        std::string path = this->path();
        if (!is_new && !repeated_) repeated_ = {line_, path};
        if (path.size() < kMaxPathBytes) lines_.emplace(std::move(path), line_);
    }
    // Cut where it is longer than anybody needs.
    [[nodiscard]] std::string path() const {
        std::string path;
        for (const Frame& frame : frames_) {
            if (path.size() > kMaxPathBytes) return path;
            if (frame.is_array) {
                path += fmt::format("[{}]", frame.index);
            } else {
                path += fmt::format("{}{}", path.empty() ? "" : ".", frame.name);
            }
        }
        return path;
    }

    const std::size_t& line_;
    std::string_view told_;
    std::vector<Frame> frames_;
    std::optional<std::pair<std::size_t, std::string>> repeated_;
    std::map<std::string, std::size_t> lines_;
};

// The parser's words without what only programmers of it need.
std::string_view mistake_in(std::string_view words) {
    constexpr std::string_view kEnd = "] ";  // of the parser's name for it
    if (const auto start = words.find("syntax error"); start != std::string_view::npos) return words.substr(start);
    const auto end = words.find(kEnd);
    return end == std::string_view::npos ? words : words.substr(end + kEnd.size());
}

}  // namespace

std::size_t JsonObject::line_of(std::string path) const {
    for (;;) {
        if (const auto found = lines.find(path); found != lines.end()) return found->second;
        const auto end = path.find_last_of(".[");
        if (end == std::string::npos) return line;
        path.resize(end);
    }
}

JsonObjects::JsonObjects(std::string_view text, std::string file, std::string told)
    : rest_(text), file_(std::move(file)), told_(std::move(told)) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";  // that some editors put before UTF-8
    if (rest_.starts_with(kMark)) rest_.remove_prefix(kMark.size());
    skip_blanks();
    const std::string_view first = first_line(rest_);
    is_one_a_line_ = first.starts_with('{') && (json_extent(first, kLimits).size != 0 || is_cut_capture(rest_));
}

Result<std::optional<JsonObject>> JsonObjects::next() {
    skip_blanks();
    if (rest_.empty()) return std::optional<JsonObject>();
    const std::string_view reach = is_one_a_line_ ? first_line(rest_) : rest_;
    const bool is_object = rest_[0] == '{';
    const JsonExtent extent = is_object ? json_extent(reach, kLimits) : JsonExtent();
    const std::size_t size = extent.size == 0 ? reach.size() : extent.size;
    Result<JsonObject> object = [&]() -> Result<JsonObject> {
        if (!is_object) return mistake(line_, "a JSON object must stand here: {\"format_version\": 1, …}");
        if (extent.excess != JsonExcess::none) return mistake(line_, excess_text(extent.excess));
        if (extent.size == 0)
            return mistake(line_, is_one_a_line_ ? "the line is cut off" : "the object that begins here has no end");
        if (size <= kMaxObjectBytes) return parse(rest_.substr(0, size));
        return mistake(line_, fmt::format("the object has {} bytes, the limit is {}", size, kMaxObjectBytes));
    }();
    skip(size);
    if (!object) return tl::make_unexpected(std::move(object).error());
    return std::optional<JsonObject>(*std::move(object));
}

Result<JsonObject> JsonObjects::parse(std::string_view object) {
    std::size_t line = line_;
    PlaceKeeper places(line, told_);
    JsonObject parsed{{}, line_, {}};
    try {
        const auto take = [&](int, Json::parse_event_t event, Json& value) {
            places.take(event, value);
            return true;
        };
        parsed.fields =
            Json::parse(LineCounter(object.data(), &line), LineCounter(object.data() + object.size(), nullptr), take);
    } catch (const Json::exception& error) {
        return mistake(line, mistake_in(error.what()));
    }
    if (places.repeated()) {
        return mistake(places.repeated()->first, fmt::format("{} stands here twice", places.repeated()->second));
    }
    parsed.lines = std::move(places.lines());
    return parsed;
}

tl::unexpected<Error> JsonObjects::mistake(std::size_t line, std::string_view what) const {
    return fail(shortened(printable(fmt::format("{}:{}: {}", file_, line, what)), kMaxMistakeBytes));
}

void JsonObjects::skip_blanks() {
    skip(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
}

void JsonObjects::skip(std::size_t count) {
    line_ +=
        static_cast<std::size_t>(std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(count), '\n'));
    rest_.remove_prefix(count);
}

}  // namespace opennvsci::tool
