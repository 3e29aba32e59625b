// SPDX-License-Identifier: Apache-2.0
#include "explain/negotiation_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "explain/json_objects.h"

namespace opennvsci::tool {
namespace {

constexpr int kReadFormatVersion = 1;
constexpr std::size_t kMaxInputBytes = std::size_t{256} << 20U;
constexpr std::size_t kMaxParticipants = 1024;
constexpr std::size_t kMaxNameBytes = 63;  // that a list may have as its name
constexpr std::string_view kAtPeer = " at peer ";
constexpr std::size_t kMaxOriginBytes = 4096;  // more than any path or time

Result<std::string> read_input(const std::string& path) {
    const bool is_stdin = path == "-";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(is_stdin ? nullptr : std::fopen(path.c_str(), "rbe"),
                                                                 [](std::FILE* file) { return std::fclose(file); });
    std::FILE* const file = is_stdin ? stdin : opened.get();
    if (file == nullptr) return fail(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    std::string text;
    std::array<char, 1U << 16U> part{};
    for (std::size_t got = 1; got != 0 && text.size() <= kMaxInputBytes;) {
        got = std::fread(part.data(), 1, part.size(), file);
        text.append(part.data(), got);
    }
    if (std::ferror(file) != 0) return fail(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    if (text.size() > kMaxInputBytes) {
        return fail(fmt::format("{} has more than {} MiB, the limit", path, kMaxInputBytes >> 20U));
    }
    return text;
}

// What a person may write for a value, as the library reads it; none for an object, an array or null.
std::optional<std::string> text_of_value(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    // A whole number as it was written, not as 1000.0, or 1.8446744073709552e+19.
    constexpr double kMostDigits = 1e21;
    if (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>() &&
        std::fabs(value.get<double>()) < kMostDigits)
        return fmt::format("{:.0f}", value.get<double>());
    if (value.is_number() || value.is_boolean()) return value.dump();
    return std::nullopt;
}

// A name in the bytes that a list's may have, with `number` behind what the program called it. Its end, by which the
// library tells a list of a peer, stays: the name before it is shortened, and the endpoint only where that has no room.
std::string fitting(const std::string& name, const std::string& number) {
    constexpr std::size_t kLeastOwnBytes = 12;
    const std::size_t at = std::min(name.rfind(kAtPeer), name.size());
    std::string own = name.substr(0, at);
    std::string end;
    if (at < name.size()) {
        const std::size_t most = kMaxNameBytes - number.size() - kAtPeer.size() - std::min(own.size(), kLeastOwnBytes);
        end = fmt::format("{}{}", kAtPeer, shortened(name.substr(at + kAtPeer.size()), most));
    }
    return shortened(std::move(own), kMaxNameBytes - number.size() - end.size()) + number + end;
}

// As texts name a list: one without a name by its number.
std::string shown_name(const Wishes& wishes, std::size_t index) {
    return wishes.name.empty() ? fmt::format("list {}", index + 1) : wishes.name;
}

// Texts say by its name who has to change what, so no two have the same one.
void tell_apart(std::vector<Wishes>& participants) {
    constexpr int kRounds = 3;  // a name that was made may be there already
    for (int round = 0; round < kRounds; ++round) {
        std::map<std::string, int> uses;
        for (std::size_t i = 0; i < participants.size(); ++i)
            ++uses[shown_name(participants[i], i)];
        if (uses.size() == participants.size()) return;
        for (std::size_t i = 0; i < participants.size(); ++i) {
            std::string& name = participants[i].name;
            if (name.empty() || uses[name] == 1) continue;
            name = fitting(name, fmt::format(" (list {})", i + 1));
        }
    }
}

// One negotiation of a file.
class Reader {
  public:
    Reader(const std::string& file, const JsonObject& object, std::size_t number, GpuNames& gpus)
        : file_(file), object_(object), number_(number), gpus_(gpus) {}

    [[nodiscard]] Result<Negotiation> read() const {
        const Json& fields = object_.fields;
        OPENNVSCI_TRY(check_version());
        Negotiation read{nullptr, {}, Json::object(), {}, number_, fmt::format("{}:{}", file_, object_.line)};
        OPENNVSCI_TRY_ASSIGN(interface, text_member(fields, "interface", "interface"));
        read.interface = find_interface(interface);
        if (read.interface == nullptr) {
            return mistake("interface", fmt::format("it must be \"NvSciBuf\" or \"NvSciSync\", not \"{}\"", interface));
        }
        const auto participants = fields.find("participants");
        if (participants == fields.end() || !participants->is_array() || participants->empty()) {
            return mistake("participants", "it must be an array with an object for each participant");
        }
        if (participants->size() > kMaxParticipants) {
            return mistake("participants",
                           fmt::format("there are {}, the limit is {}", participants->size(), kMaxParticipants));
        }
        for (std::size_t i = 0; i < participants->size(); ++i) {
            const std::string path = fmt::format("participants[{}]", i);
            OPENNVSCI_TRY_ASSIGN(wishes, read_participant(*read.interface, (*participants)[i], path));
            read.participants.push_back(std::move(wishes));
        }
        tell_apart(read.participants);
        OPENNVSCI_TRY(read_origin(read));
        OPENNVSCI_TRY(read_recorded(read));
        return read;
    }

  private:
    [[nodiscard]] std::string place(const std::string& path) const {
        return fmt::format("{}:{}: {}", file_, object_.line_of(path), path);
    }
    [[nodiscard]] tl::unexpected<Error> mistake(const std::string& path, const std::string& what) const {
        return fail(shortened(printable(fmt::format("{}: {}", place(path), what)), kMaxMistakeBytes));
    }

    [[nodiscard]] Result<> check_version() const {
        const auto version = object_.fields.find("format_version");
        if (version == object_.fields.end()) {
            return mistake("format_version", fmt::format("it is missing, and must be {}", kReadFormatVersion));
        }
        if (*version == kReadFormatVersion) return {};
        return mistake("format_version", fmt::format("it must be {}, which this command reads", kReadFormatVersion));
    }

    /// A text that may be missing, and is empty then.
    [[nodiscard]] Result<std::string> text_member(const Json& fields, const char* name, const std::string& path) const {
        const auto member = fields.find(name);
        if (member == fields.end()) return std::string();
        if (!member->is_string()) return mistake(path, "it must be a string");
        return member->get<std::string>();
    }

    [[nodiscard]] Result<Wishes> read_participant(const Interface& interface, const Json& fields,
                                                  const std::string& path) const {
        if (!fields.is_object()) return mistake(path, "it must be an object");
        OPENNVSCI_TRY_ASSIGN(name, text_member(fields, "name", path + ".name"));
        OPENNVSCI_TRY_ASSIGN(peer, text_member(fields, "peer", path + ".peer"));
        const auto is_vulkan = fields.find("is_vulkan");
        Wishes wishes{printable(name),
                      printable(shortened(peer, kMaxNameBytes)),
                      {},
                      place(path),
                      is_vulkan != fields.end() && *is_vulkan == true};
        if (!wishes.peer.empty() && wishes.name.find(kAtPeer) == std::string::npos) {
            wishes.name = fmt::format("{}{}{}", wishes.name.empty() ? "a list" : wishes.name, kAtPeer, wishes.peer);
        }
        wishes.name = fitting(wishes.name, "");
        const auto asks = fields.find("asks");
        if (asks == fields.end() || !asks->is_object()) {
            return mistake(path + ".asks", "it must be an object with a member for each key");
        }
        for (const auto& [key, value] : asks->items()) {
            const std::string ask = path + ".asks." + key;
            const auto wish = read_wish(interface, key, value);
            if (!wish) {
                const std::string_view reason = wish.error().text;
                const std::string named = key + ": ";  // which the place ends with already
                return mistake(ask, std::string(reason.substr(reason.starts_with(named) ? named.size() : 0)));
            }
            wishes.wishes.push_back({wish->first, wish->second, place(ask)});
        }
        return wishes;
    }

    [[nodiscard]] Result<std::pair<const OpenNvSciKey*, std::vector<std::byte>>> read_wish(const Interface& interface,
                                                                                           const std::string& name,
                                                                                           const Json& value) const {
        OPENNVSCI_TRY_ASSIGN(key, interface.find_key(name));
        std::string text;
        const Json elements = value.is_array() ? value : Json::array({value});
        for (const Json& element : elements) {
            const auto one = text_of_value(element);
            if (!one) return fail("it must be a number, true, false, a string, or an array of them");
            text += fmt::format("{}{}", text.empty() ? "" : ", ", *one);
        }
        if (elements.empty()) return fail("the array is empty; who does not ask for the key leaves it out");
        OPENNVSCI_TRY_ASSIGN(bytes, interface.value_of(*key, gpus_.replaced_in(std::move(text))));
        return std::pair(key, std::move(bytes));
    }

    [[nodiscard]] Result<> read_origin(Negotiation& read) const {
        for (const char* name : {"call", "process", "time"}) {
            const auto member = object_.fields.find(name);
            if (member == object_.fields.end()) continue;
            const bool is_time = std::string_view(name) == "time";
            if (is_time ? !member->is_string() : !member->is_object()) {
                return mistake(name, is_time ? "it must be a string" : "it must be an object");
            }
            if (member->dump(-1, ' ', false, Json::error_handler_t::replace).size() > kMaxOriginBytes) {
                return mistake(name, fmt::format("it has more than {} bytes, the limit", kMaxOriginBytes));
            }
            read.origin[name] = *member;
        }
        return {};
    }

    [[nodiscard]] Result<> read_recorded(Negotiation& read) const {
        const auto report = object_.fields.find("report");
        if (report == object_.fields.end()) return {};
        if (!report->is_object()) return mistake("report", "it must be an object");
        RecordedEnd end;
        OPENNVSCI_TRY_ASSIGN(outcome, text_member(*report, "outcome", "report.outcome"));
        constexpr std::array<std::string_view, 3> kOutcomes{"granted", "weakened", "refused"};
        if (std::find(kOutcomes.begin(), kOutcomes.end(), outcome) == kOutcomes.end()) {
            return mistake("report.outcome", "it must be \"granted\", \"weakened\" or \"refused\"");
        }
        const auto deciding = report->find("deciding_key");
        if (deciding != report->end() && !deciding->is_null()) {
            OPENNVSCI_TRY_ASSIGN(key, text_member(*report, "deciding_key", "report.deciding_key"));
            end.deciding_key = printable(key);
        }
        end.outcome = std::move(outcome);
        end.decisions = decisions_in(*report);
        read.recorded = std::move(end);
        return {};
    }

    const std::string& file_;
    const JsonObject& object_;
    const std::size_t number_;
    GpuNames& gpus_;
};

}  // namespace

std::vector<RecordedDecision> decisions_in(const Json& report) {
    std::vector<RecordedDecision> decisions;
    const auto found = report.find("decisions");
    if (found == report.end() || !found->is_array()) return decisions;
    for (const Json& decision : *found) {
        if (!decision.is_object()) continue;
        const auto text = [&](const char* member) {
            const auto at = decision.find(member);
            return at != decision.end() && at->is_string() ? printable(at->get<std::string>()) : std::string();
        };
        RecordedDecision read{text("key"), text("outcome"), text("granted_text")};
        if (!read.key.empty() && !read.outcome.empty()) decisions.push_back(std::move(read));
    }
    return decisions;
}

Result<NegotiationFile> read_negotiations(const std::string& path, std::size_t only, GpuNames gpus) {
    OPENNVSCI_TRY_ASSIGN(text, read_input(path));
    NegotiationFile file;
    file.name = path == "-" ? "stdin" : printable(path);
    JsonObjects objects(text, file.name, "participants");
    for (;;) {
        const Result<std::optional<JsonObject>> object = objects.next();
        if (object && !*object) break;
        ++file.count;
        if (only != 0 && file.count != only) continue;
        auto negotiation = object ? Reader(file.name, **object, file.count, gpus).read()
                                  : Result<Negotiation>(tl::make_unexpected(object.error()));
        if (negotiation) {
            file.negotiations.push_back(*std::move(negotiation));
        } else {
            file.mistakes.push_back(negotiation.error().text);
        }
    }
    if (file.count == 0) return fail(fmt::format("{} has no negotiation in it", file.name));
    if (only > file.count) {
        return fail(
            fmt::format("{} has {} negotiation{}, not {}", file.name, file.count, file.count == 1 ? "" : "s", only));
    }
    if (file.negotiations.empty()) return fail(file.mistakes.front());
    OPENNVSCI_TRY(gpus.check_use());
    return file;
}

}  // namespace opennvsci::tool
