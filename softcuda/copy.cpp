// SPDX-License-Identifier: Apache-2.0
#include "softcuda/copy.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace opennvsci::softcuda {

bool pin_operand(const Context& context, Operand operand, std::size_t size, CUmemAccess_flags needed, Pins& pins,
                 bool& pageable) {
    RangeRegistry& registry = RangeRegistry::instance();
    pageable = false;
    if (registry.pin(operand.address, size, context.device().ordinal(), needed, pins)) return true;
    if (operand.side == Side::device || operand.address == 0 || size > UINTPTR_MAX - operand.address) return false;
    pageable = !registry.overlaps(operand.address, size);
    return pageable;
}

CUresult run(Stream& stream, Work work, Return when) {
    return when == Return::when_done ? stream.run_here(work) : stream.submit(std::move(work));
}

CUresult copy(const Context& context, Stream& stream, Operand destination, Operand source, std::size_t size,
              Return when) {
    if (size == 0) return CUDA_SUCCESS;
    Pins pins;
    bool from_pageable = false;
    bool to_pageable = false;
    if (!pin_operand(context, source, size, CU_MEM_ACCESS_FLAGS_PROT_READ, pins, from_pageable) ||
        !pin_operand(context, destination, size, CU_MEM_ACCESS_FLAGS_PROT_READWRITE, pins, to_pageable)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    void* to = reinterpret_cast<void*>(destination.address);
    const void* from = reinterpret_cast<const void*>(source.address);
    if (from_pageable && !to_pageable && when == Return::when_submitted) {
        const auto* first = static_cast<const unsigned char*>(from);
        auto staged = std::make_shared<const std::vector<unsigned char>>(first, first + size);
        return stream.submit([to, staged = std::move(staged), pins = std::move(pins)] {
            std::memcpy(to, staged->data(), staged->size());
        });
    }
    Work work = [to, from, size, pins = std::move(pins)] { std::memmove(to, from, size); };
    return run(stream, std::move(work), to_pageable ? Return::when_done : when);
}

CUresult fill(const Context& context, Stream& stream, CUdeviceptr destination, unsigned value, std::size_t width,
              std::size_t count, Return when) {
    if (destination % width != 0 || count > SIZE_MAX / width) return CUDA_ERROR_INVALID_VALUE;
    if (count == 0) return CUDA_SUCCESS;
    Pins pins;
    bool pageable = false;
    if (!pin_operand(context, {destination, Side::device}, count * width, CU_MEM_ACCESS_FLAGS_PROT_READWRITE, pins,
                     pageable)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    return run(
        stream,
        [destination, value, width, count, pins = std::move(pins)] {
            if (width == 1) {
                std::memset(reinterpret_cast<void*>(destination), static_cast<int>(value), count);
            } else if (width == 2) {
                std::fill_n(reinterpret_cast<std::uint16_t*>(destination), count, static_cast<std::uint16_t>(value));
            } else {
                std::fill_n(reinterpret_cast<std::uint32_t*>(destination), count, value);
            }
        },
        when);
}

}  // namespace opennvsci::softcuda
