// SPDX-License-Identifier: Apache-2.0
//
// The value types that only NvSciBuf's keys have: their sizes, their order where they have one, and their text.
#pragma once

#include "attr/value_types.h"

namespace opennvsci::buf::value {

using attr::value::boolean;
using attr::value::float32;
using attr::value::gpu_id;
using attr::value::peer_engine;
using attr::value::peer_location;
using attr::value::uint32;
using attr::value::uint64;
using attr::value::uint8;

extern const attr::ValueType buffer_type;
extern const attr::ValueType permission;
extern const attr::ValueType gpu_cache;
extern const attr::ValueType gpu_compression;
extern const attr::ValueType image_layout;
extern const attr::ValueType scan_type;
extern const attr::ValueType color_format;
extern const attr::ValueType color_standard;
extern const attr::ValueType data_type;
extern const attr::ValueType surface_type;
extern const attr::ValueType surface_layout;
extern const attr::ValueType surface_sampling;
extern const attr::ValueType surface_bits;
extern const attr::ValueType surface_order;
extern const attr::ValueType memory_domain;

}  // namespace opennvsci::buf::value
