// SPDX-License-Identifier: Apache-2.0
//
// Copies and memsets. Every operand is checked and pinned when the call is made, so a refused call has written
// nothing and an accepted one cannot fault, whatever is freed meanwhile.
//
// Host memory that the device does not know is pageable: an asynchronous copy out of it reads it before the call
// returns, and an asynchronous copy into it returns when the copy is done, as CUDA documents for such memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "softcuda/abi.h"
#include "softcuda/context.h"
#include "softcuda/ranges.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

enum class Side { host, device };

struct Operand {
    std::uintptr_t address;
    Side side;
};

/// The contexts whose devices use the two ends of a copy. It is the right of that device which counts at each end.
struct Parties {
    const Context& destination;
    const Context& source;
};

/// What a memset writes: `rows` rows of `columns` elements of `width` bytes (1, 2 or 4), one row `pitch` bytes behind
/// the other. The pitch of a single row is not looked at.
struct Fill {
    CUdeviceptr destination;
    std::size_t pitch;
    unsigned value;
    std::size_t width;
    std::size_t columns;
    std::size_t rows;
};

/// Whether the call returns when the work is done, or once it is in the stream.
enum class Return { when_done, when_submitted };

/// Pins memory for one end of a copy. `pageable` tells whether it is host memory that the device does not know at all.
/// False, and nothing pinned, if the device may not use all of it in the way needed.
[[nodiscard]] bool pin_operand(const Context& context, Operand operand, std::size_t size, CUmemAccess_flags needed,
                               Pins& pins, bool& pageable);

/// Runs the work now, in the stream's order, or leaves it to the stream.
[[nodiscard]] CUresult run(Stream& stream, Work work, Return when);

[[nodiscard]] CUresult copy(Parties parties, Stream& stream, Operand destination, Operand source, std::size_t size,
                            Return when);

/// INVALID_VALUE for a destination or a pitch that is no multiple of the width, and for rows that overlap.
[[nodiscard]] CUresult fill(const Context& context, Stream& stream, const Fill& fill, Return when);

}  // namespace opennvsci::softcuda
