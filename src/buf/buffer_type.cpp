// SPDX-License-Identifier: Apache-2.0
#include "buf/buffer_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/checked.h"
#include "buf/array.h"
#include "buf/image.h"
#include "buf/keys.h"
#include "buf/pyramid.h"
#include "buf/raw_buffer.h"
#include "buf/tensor.h"
#include "memory/domain.h"

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
    // name        keys                  partners              completion            check             extent             regions
    {"RawBuffer",  kRawBuffer,           0,                    complete_raw_buffer,  check_raw_buffer, raw_buffer_extent, raw_buffer_regions},
    {"Image",      kImage,               kTensor | kPyramid,   complete_image,       check_image,      image_extent,      image_regions},
    {"Tensor",     kTensor,              kImage,               complete_tensor,      check_tensor,     tensor_extent,     tensor_regions},
    {"Array",      kArray,               0,                    complete_array,       check_array,      array_extent,      array_regions},
    {"Pyramid",    kPyramid | kImage,    kImage,               complete_pyramid,     check_pyramid,    pyramid_extent,    pyramid_regions},
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

// What is not checked is harmless: paddings, colour standards, surface and peer keys are only shown; GPU ids, and the
// GPU of the memory, are looked for among the devices of this process whenever they are used; a size that the memory
// has not is found where the memory is imported.
Result<> check_result(const attr::Slot& reconciled) {
    const auto domain = reconciled.required<memory::Domain>(kMemoryDomain);
    const auto gpu = Uuid::from(reconciled.scalar<NvSciRmGpuId>(kMemoryGpu).value_or(NvSciRmGpuId{}).bytes);
    if (domain != memory::Domain::system && gpu.is_null()) {
        return wrong_result(kMemoryGpu, fmt::format("missing, and the buffer is in {}", domain_name(domain)));
    }
    const auto needs_cpu = NvSciBufGeneralAttrKey_NeedCpuAccess;
    if (domain == memory::Domain::video && reconciled.required<bool>(needs_cpu)) {
        return wrong_result(needs_cpu, "true, and no CPU sees video memory");
    }
    Result<> checked;
    for_each_type(types_of(reconciled), [&](NvSciBufType, const BufferType& type) {
        if (checked) checked = type.check(reconciled);
    });
    OPENNVSCI_TRY(std::move(checked));
    const Extent extent = extent_of(reconciled);
    if (checked::align_up(extent.size, std::max(extent.alignment, kLargestGranularity))) return {};
    return wrong_result(schema().selector().number, fmt::format("{} bytes exceed the address space", extent.size));
}

tl::unexpected<Error> wrong_result(std::uint32_t key, std::string_view problem) {
    return fail(NvSciError_BadParameter, fmt::format("{}: {}", schema().find(key)->name, problem));
}

TypeSet types_of(const attr::Slot& slot) {
    return schema().groups_of(slot.get(schema().selector()));
}

}  // namespace opennvsci::buf
