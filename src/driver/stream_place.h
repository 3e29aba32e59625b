// SPDX-License-Identifier: Apache-2.0
//
// StreamPlace: which stream a handle stands for at the time of a call, and in which context. Handles are used again,
// and the default streams have one handle for all contexts; the driver's id of a stream is unique.
#pragma once

#include <memory>

#include "driver/context_watch.h"

namespace opennvsci::driver {

struct StreamPlace {
    CUstream handle;
    unsigned long long id;  ///< 0 if the driver gives none (before CUDA 12.0): equal to no other stream then
    const ContextWatch* context;

    /// Errors: STREAM_CAPTURE_UNSUPPORTED if the stream captures; the driver's for a bad handle.
    [[nodiscard]] static Result<StreamPlace> of(const Driver& driver, CUstream stream);

    [[nodiscard]] bool is_same_stream(unsigned long long other_id) const noexcept { return id != 0 && id == other_id; }
};

}  // namespace opennvsci::driver
