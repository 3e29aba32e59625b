// SPDX-License-Identifier: Apache-2.0
#include "buf/buffer_type.h"

#include <array>
#include <bit>

#include "buf/array.h"
#include "buf/image.h"
#include "buf/keys.h"
#include "buf/pyramid.h"
#include "buf/raw_buffer.h"
#include "buf/tensor.h"

namespace opennvsci::buf {
namespace {

constexpr TypeSet kRawBuffer = only(NvSciBufType_RawBuffer);
constexpr TypeSet kImage = only(NvSciBufType_Image);
constexpr TypeSet kTensor = only(NvSciBufType_Tensor);
constexpr TypeSet kArray = only(NvSciBufType_Array);
constexpr TypeSet kPyramid = only(NvSciBufType_Pyramid);

// In the order of their numbers. A pyramid is described by the Image keys of its level 0 (nvscibuf.md 4.7, PROPOSED).
// clang-format off
constexpr std::array<BufferType, NvSciBufType_MaxValid - 1> kBufferTypes{{
    // name        keys                  partners              completion            extent             regions
    {"RawBuffer",  kRawBuffer,           0,                    complete_raw_buffer,  raw_buffer_extent, raw_buffer_regions},
    {"Image",      kImage,               kTensor | kPyramid,   complete_image,       image_extent,      image_regions},
    {"Tensor",     kTensor,              kImage,               complete_tensor,      tensor_extent,     tensor_regions},
    {"Array",      kArray,               0,                    complete_array,       array_extent,      array_regions},
    {"Pyramid",    kPyramid | kImage,    kImage,               complete_pyramid,     pyramid_extent,    pyramid_regions},
}};
// clang-format on
static_assert(NvSciBufType_RawBuffer == 1 && NvSciBufType_Pyramid == kBufferTypes.size());

}  // namespace

const BufferType* find_buffer_type(std::uint32_t number) noexcept {
    return number - 1 < kBufferTypes.size() ? &kBufferTypes[number - 1] : nullptr;
}

// Tensor and pyramid know images, and stand behind them.
const BufferType& leading_type(TypeSet types) noexcept {
    return kBufferTypes[std::bit_width(types) - 2];
}

bool can_be_one_buffer(TypeSet types) noexcept {
    bool can = true;
    for_each_type(types, [&](NvSciBufType type, const BufferType& row) {
        can = can && (types & ~(only(type) | row.partners)) == 0;
    });
    return can;
}

TypeSet keys_of_types(attr::Bytes types) noexcept {
    TypeSet keys = 0;
    for (const auto number : attr::elements<std::uint32_t>(types)) {
        if (const BufferType* row = find_buffer_type(number)) keys |= row->keys;
    }
    return keys;
}

TypeSet types_of(const attr::Slot& slot) {
    return schema().groups_of(slot.get(schema().selector()));
}

}  // namespace opennvsci::buf
