// SPDX-License-Identifier: Apache-2.0
//
// Attributes: keys with values as a plain value, so that a test can take a complete description, change or leave out
// one key, and make a list of it. And complete descriptions of images.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "buf_objects.h"

namespace opennvsci::test {

inline constexpr auto kPitch = NvSciBufImage_PitchLinearType;
inline constexpr auto kBlock = NvSciBufImage_BlockLinearType;

template <class Key>
class AttributesOf {
  public:
    template <class T>
    [[nodiscard]] AttributesOf with(std::uint32_t key, const std::vector<T>& values) const {
        return with_bytes(key, values.data(), values.size() * sizeof(T));
    }
    template <class T>
    [[nodiscard]] AttributesOf with(std::uint32_t key, std::initializer_list<T> values) const {
        return with(key, std::vector<T>(values));
    }
    template <class T>
    [[nodiscard]] AttributesOf with(std::uint32_t key, const T& value) const {
        return with_bytes(key, &value, sizeof(value));
    }
    /// Only if there is a value.
    template <class T>
    [[nodiscard]] AttributesOf with(std::uint32_t key, const std::optional<T>& value) const {
        return value ? with(key, *value) : *this;
    }
    [[nodiscard]] AttributesOf with_bytes(std::uint32_t key, const void* value, std::size_t size) const {
        AttributesOf changed = *this;
        const auto* bytes = static_cast<const unsigned char*>(value);
        changed.values_[key].assign(bytes, bytes + size);
        return changed;
    }
    [[nodiscard]] AttributesOf without(std::uint32_t key) const {
        AttributesOf changed = *this;
        changed.values_.erase(key);
        return changed;
    }
    [[nodiscard]] const std::map<std::uint32_t, std::vector<unsigned char>>& values() const { return values_; }

    /// A list that asks all of this. Fails the test if the library does not take it.
    [[nodiscard]] typename Library<Key>::List list(typename Library<Key>::Module module) const {
        auto list = make<typename Library<Key>::List>(Library<Key>::create, module);
        std::vector<typename Library<Key>::Pair> pairs;
        for (const auto& [key, value] : values_)
            pairs.push_back({static_cast<Key>(key), value.data(), value.size()});
        if (!pairs.empty()) {
            EXPECT_EQ(Library<Key>::set(list, pairs.data(), pairs.size()), kSuccess);
        }
        return list;
    }

  private:
    std::map<std::uint32_t, std::vector<unsigned char>> values_;
};
using Attributes = AttributesOf<NvSciBufAttrKey>;

struct PlaneDescription {
    NvSciBufAttrValColorFmt format;
    std::uint32_t width;
    std::uint32_t height;
};

/// An image described by its planes: everything mandatory, progressive.
inline Attributes plane_image(NvSciBufAttrValImageLayoutType layout, const std::vector<PlaneDescription>& planes) {
    std::vector<NvSciBufAttrValColorFmt> formats;
    std::vector<std::uint32_t> widths;
    std::vector<std::uint32_t> heights;
    for (const PlaneDescription& plane : planes) {
        formats.push_back(plane.format);
        widths.push_back(plane.width);
        heights.push_back(plane.height);
    }
    return Attributes()
        .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Image)
        .with(NvSciBufImageAttrKey_Layout, layout)
        .with(NvSciBufImageAttrKey_ScanType, NvSciBufScan_ProgressiveType)
        .with(NvSciBufImageAttrKey_PlaneCount, static_cast<std::uint32_t>(planes.size()))
        .with(NvSciBufImageAttrKey_PlaneColorFormat, formats)
        .with(NvSciBufImageAttrKey_PlaneWidth, widths)
        .with(NvSciBufImageAttrKey_PlaneHeight, heights);
}

/// An image described by a surface: everything mandatory.
inline Attributes surface_image(NvSciBufAttrValImageLayoutType layout, NvSciBufSurfMemLayout memory,
                                NvSciBufSurfSampleType sampling, NvSciBufSurfBPC bits, NvSciBufSurfComponentOrder order,
                                std::uint32_t width, std::uint32_t height) {
    return Attributes()
        .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Image)
        .with(NvSciBufImageAttrKey_Layout, layout)
        .with(NvSciBufImageAttrKey_SurfType, NvSciSurfType_YUV)
        .with(NvSciBufImageAttrKey_SurfMemLayout, memory)
        .with(NvSciBufImageAttrKey_SurfSampleType, sampling)
        .with(NvSciBufImageAttrKey_SurfBPC, bits)
        .with(NvSciBufImageAttrKey_SurfComponentOrder, order)
        .with(NvSciBufImageAttrKey_SurfWidthBase, width)
        .with(NvSciBufImageAttrKey_SurfHeightBase, height);
}

}  // namespace opennvsci::test
