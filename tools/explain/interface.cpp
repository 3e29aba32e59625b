// SPDX-License-Identifier: Apache-2.0
#include "explain/interface.h"

#include <fmt/format.h>

#include <algorithm>

#include "output.h"

namespace opennvsci::tool {
namespace {

// What the library said of the call that failed, without the name of the function.
std::string last_words() {
    const std::string_view words = opennvsciGetLastErrorText();
    const auto colon = words.find(": ");
    return std::string(colon == std::string_view::npos ? words : words.substr(colon + 2));
}

}  // namespace

const Interface kNvSciBuf{"NvSciBuf", opennvsciBufGetKeys, opennvsciBufGetKeyByName, opennvsciBufAttrValueFromText};
const Interface kNvSciSync{"NvSciSync", opennvsciSyncGetKeys, opennvsciSyncGetKeyByName,
                           opennvsciSyncAttrValueFromText};

std::span<const OpenNvSciKey> Interface::keys() const {
    const OpenNvSciKey* all = nullptr;
    std::size_t count = 0;
    if (get_keys(&all, &count) != NvSciError_Success) return {};
    return {all, count};
}

const OpenNvSciKey* Interface::find_key(std::uint32_t number) const {
    const auto all = keys();
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& key) { return key.number == number; });
    return found == all.end() ? nullptr : &*found;
}

Result<const OpenNvSciKey*> Interface::find_key(const std::string& key_name) const {
    const OpenNvSciKey* key = nullptr;
    if (get_key_by_name(key_name.c_str(), &key) == NvSciError_Success) return key;
    std::string reason = last_words();
    const Interface& other = this == &kNvSciBuf ? kNvSciSync : kNvSciBuf;
    if (other.get_key_by_name(key_name.c_str(), &key) == NvSciError_Success) {
        return fail(fmt::format("{} is a key of {}, and the interface here is {}", key_name, other.name, name));
    }
    return fail(printable(reason));
}

Result<std::vector<std::byte>> Interface::value_of(const OpenNvSciKey& key, const std::string& text) const {
    std::vector<std::byte> value(key.elementSize * key.maxCount);
    std::size_t size = 0;
    const NvSciError code = value_from_text(key.number, text.c_str(), value.data(), value.size(), &size);
    if (code != NvSciError_Success) return fail(printable(last_words()));
    value.resize(size);
    return value;
}

const Interface* find_interface(std::string_view name) {
    for (const Interface* one : {&kNvSciBuf, &kNvSciSync}) {
        if (name == one->name) return one;
    }
    return nullptr;
}

std::string_view own_part(std::string_view key_name) {
    constexpr std::string_view kMiddle = "AttrKey_";
    const auto middle = key_name.find(kMiddle);
    return middle == std::string_view::npos ? key_name : key_name.substr(middle + kMiddle.size());
}

}  // namespace opennvsci::tool
