// SPDX-License-Identifier: Apache-2.0
//
// Generators that the wishes of both libraries are made of, how a wish is shown, and the elements that stand for one.
#pragma once

#include <rapidcheck.h>

#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "nvscibuf.h"

namespace opennvsci::test {

/// A value of `gen` in `percent` of all cases, else nothing.
template <class T>
rc::Gen<std::optional<T>> maybe(int percent, rc::Gen<T> gen) {
    return rc::gen::mapcat(rc::gen::inRange(0, 100), [=](int dice) {
        if (dice >= percent) return rc::gen::just(std::optional<T>());
        return rc::gen::map(gen, [](T value) { return std::optional<T>(std::move(value)); });
    });
}

/// One to `most` values of `gen`.
template <class T>
rc::Gen<std::vector<T>> some(int most, const rc::Gen<T>& gen) {
    return rc::gen::mapcat(rc::gen::inRange(1, most + 1),
                           [=](int count) { return rc::gen::container<std::vector<T>>(count, gen); });
}

/// " name=value", or nothing for what is not wished.
template <class T>
void show_wish(std::ostream& stream, const char* name, const std::optional<T>& value) {
    if (!value) return;
    stream << ' ' << name << '=';
    rc::show(*value, stream);
}

/// The elements that stand for wished values; nothing if nothing is wished.
template <class T, class Element>
auto each(const std::optional<std::vector<T>>& values, Element&& element) {
    std::optional<std::vector<decltype(element(T{}))>> elements;
    if (!values) return elements;
    elements.emplace();
    for (const T& value : *values)
        elements->push_back(element(value));
    return elements;
}

inline NvSciBufPeerLocationInfo peer_on_soc(std::uint32_t soc) {
    return {soc, 0, 0};
}
inline NvSciBufPeerHwEngine engine_of_platform(std::uint32_t platform) {
    return {NvSciBufHwEngName_Gpu, static_cast<NvSciBufPlatformName>(platform)};
}

}  // namespace opennvsci::test
