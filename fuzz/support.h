// SPDX-License-Identifier: Apache-2.0
//
// What the fuzz targets share: the check that aborts, what a target knows of the handles it was given, and values made
// of the bytes of the input.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "driver/driver.h"
#include "opennvsci.h"

#define REQUIRE(condition)                                                           \
    do {                                                                             \
        if (!(condition)) {                                                          \
            std::fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition); \
            std::fprintf(stderr, "last error: %s\n", opennvsciGetLastErrorText());   \
            std::abort();                                                            \
        }                                                                            \
    } while (0)

namespace opennvsci::fuzz {

inline constexpr std::size_t kMostHandles = 24;
inline constexpr std::size_t kMostModules = 4;

// Distinct from every handle and from NULL: what an output holds before a call.
template <class Handle>
Handle untouched() {
    return reinterpret_cast<Handle>(std::uintptr_t{0x1111});
}

inline void use_software_devices() {
    setenv("OPENNVSCI_DEVICE", "soft", 1);
    setenv("OPENNVSCI_SOFT_DEVICES", "2", 1);
}

inline std::vector<NvSciRmGpuId> gpu_ids() {
    std::vector<NvSciRmGpuId> ids;
    const auto driver = driver::instance();
    REQUIRE(driver && (*driver)->is_software);
    for (const auto& device : (*driver)->devices) {
        NvSciRmGpuId id;
        std::memcpy(id.bytes, device.uuid.bytes.data(), sizeof(id.bytes));
        ids.push_back(id);
    }
    return ids;
}

template <class Handle>
struct Known {
    Handle handle;
    bool alive;
};

template <class T>
std::size_t pick(FuzzedDataProvider& in, const std::vector<T>& known) {
    return in.ConsumeIntegralInRange<std::size_t>(0, known.size() - 1);
}

// True if one of the handles is alive and has this number.
template <class T>
bool has_live(const std::vector<T>& known, std::uint64_t number) {
    return std::any_of(known.begin(), known.end(), [&](const T& one) {
        return one.alive && reinterpret_cast<std::uint64_t>(one.handle) == number;
    });
}

template <class Handle>
struct KnownList {
    Handle handle;
    bool alive;
    bool reconciled;
    bool conflict;
    bool borrowed;
    std::size_t object;  // of a borrowed list: dies with this object
    std::size_t module;  // index of its module
};

// What asking a list for its decisions gave; reads every text.
template <class Handle>
void check_decisions(const KnownList<Handle>& list, NvSciError error, std::span<const OpenNvSciDecision> decisions) {
    if (!list.alive) REQUIRE(error == NvSciError_BadParameter);
    if (list.alive && (list.reconciled || list.conflict)) REQUIRE(error == NvSciError_Success);
    std::size_t length = 0;
    for (const OpenNvSciDecision& one : decisions) {
        for (const char* text : {one.keyName, one.requested, one.granted, one.rule, one.reason, one.suggestion})
            length += std::strlen(text);
    }
    REQUIRE(decisions.empty() || length > 0);
}

/// The lists of a target, and choices of some of them.
template <class Handle>
class KnownLists : public std::vector<KnownList<Handle>> {
  public:
    using Choice = std::vector<std::size_t>;

    void add(Handle handle, std::size_t module, bool reconciled, bool conflict = false) {
        this->push_back({handle, true, reconciled, conflict, false, 0, module});
    }

    // The list of an object can be used as any other, for as long as the object.
    void add_borrowed(Handle handle, std::size_t object, std::size_t module) {
        const bool is_known = has_live(*this, reinterpret_cast<std::uint64_t>(handle));
        if (!is_known) this->push_back({handle, true, true, false, true, object, module});
    }

    void end_borrowed(std::size_t object) {
        for (auto& list : *this)
            if (list.borrowed && list.object == object) list.alive = false;
    }

    Choice choose(FuzzedDataProvider& in) const {
        Choice chosen;
        const auto count = in.ConsumeIntegralInRange<std::size_t>(0, 4);
        for (std::size_t i = 0; i < count && !this->empty(); ++i)
            chosen.push_back(pick(in, *this));
        return chosen;
    }

    std::vector<Handle> handles(const Choice& chosen) const {
        std::vector<Handle> found;
        for (const std::size_t i : chosen)
            found.push_back((*this)[i].handle);
        return found;
    }

    // Whether they may be appended and reconciled.
    bool can_be_combined(const Choice& chosen) const {
        if (chosen.empty()) return false;
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            const KnownList<Handle>& list = (*this)[chosen[i]];
            if (!list.alive || list.reconciled || list.conflict || list.module != (*this)[chosen[0]].module)
                return false;
            for (std::size_t j = 0; j < i; ++j)
                if (chosen[i] == chosen[j]) return false;
        }
        return true;
    }
};

template <class T>
std::vector<std::uint8_t> bytes_of(const T& value) {
    std::vector<std::uint8_t> copy(sizeof(value));
    std::memcpy(copy.data(), &value, sizeof(value));
    return copy;
}

// The pairs of one call, whose values are in heap memory of their exact size, so that a read beyond one is seen.
template <class Pair>
struct Pairs {
    std::vector<std::vector<std::uint8_t>> values;
    std::vector<Pair> pairs;
};

// A pair whose key may be any number. It is stored as bytes: a number that is no enumerator must not pass through a
// variable of the enumeration's type.
template <class Pair>
Pair pair_of(std::uint32_t key, const void* value, std::size_t length) {
    Pair pair{};
    std::memcpy(static_cast<void*>(&pair), &key, sizeof(key));  // the key is the first member
    pair.value = value;
    pair.len = length;
    return pair;
}

template <class Pair, class AnyKey, class ValueFor>
Pairs<Pair> any_pairs(FuzzedDataProvider& in, AnyKey any_key, ValueFor value_for) {
    Pairs<Pair> made;
    const auto count = in.ConsumeIntegralInRange<std::size_t>(0, 5);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t key = any_key();
        made.values.push_back(value_for(key));
        const auto& value = made.values.back();
        auto pair = pair_of<Pair>(key, value.empty() ? nullptr : value.data(), value.size());
        if (pair.len > 0) pair.len -= in.ConsumeIntegralInRange(0, 31) == 0 ? 1 : 0;
        made.pairs.push_back(pair);
    }
    return made;
}

}  // namespace opennvsci::fuzz
