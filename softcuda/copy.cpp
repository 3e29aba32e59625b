// SPDX-License-Identifier: Apache-2.0
#include "softcuda/copy.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/checked.h"

namespace opennvsci::softcuda {
namespace {

void fill_row(std::uintptr_t first, const Fill& fill) {
    if (fill.width == 1) {
        std::memset(reinterpret_cast<void*>(first), static_cast<int>(fill.value), fill.columns);
    } else if (fill.width == 2) {
        std::fill_n(reinterpret_cast<std::uint16_t*>(first), fill.columns, static_cast<std::uint16_t>(fill.value));
    } else {
        std::fill_n(reinterpret_cast<std::uint32_t*>(first), fill.columns, fill.value);
    }
}

}  // namespace

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

CUresult copy(Parties parties, Stream& stream, Operand destination, Operand source, std::size_t size, Return when) {
    if (size == 0) return CUDA_SUCCESS;
    Pins pins;
    bool from_pageable = false;
    bool to_pageable = false;
    if (!pin_operand(parties.source, source, size, CU_MEM_ACCESS_FLAGS_PROT_READ, pins, from_pageable) ||
        !pin_operand(parties.destination, destination, size, CU_MEM_ACCESS_FLAGS_PROT_READWRITE, pins, to_pageable)) {
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

CUresult fill(const Context& context, Stream& stream, const Fill& fill, Return when) {
    if (fill.columns == 0 || fill.rows == 0) return CUDA_SUCCESS;
    const auto row = checked::multiply(fill.columns, fill.width);
    if (!row || fill.destination % fill.width != 0) return CUDA_ERROR_INVALID_VALUE;
    if (fill.rows > 1 && (fill.pitch < *row || fill.pitch % fill.width != 0)) return CUDA_ERROR_INVALID_VALUE;
    const auto before_last = fill.rows > 1 ? checked::multiply(fill.pitch, fill.rows - 1) : std::size_t{0};
    const auto span = before_last ? checked::add(*before_last, *row) : std::nullopt;
    Pins pins;
    bool pageable = false;
    if (!span || !pin_operand(context, {fill.destination, Side::device}, *span, CU_MEM_ACCESS_FLAGS_PROT_READWRITE,
                              pins, pageable)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    return run(
        stream,
        [fill, pins = std::move(pins)] {
            for (std::size_t y = 0; y < fill.rows; ++y)
                fill_row(fill.destination + y * fill.pitch, fill);
        },
        when);
}

}  // namespace opennvsci::softcuda
