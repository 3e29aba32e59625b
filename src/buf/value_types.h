// SPDX-License-Identifier: Apache-2.0
//
// The value types of NvSciBuf's keys: their sizes, their order where they have one, and their text.
#pragma once

#include "attr/key.h"

namespace opennvsci::buf::value {

extern const attr::ValueType boolean;
extern const attr::ValueType uint8;
extern const attr::ValueType uint32;
extern const attr::ValueType uint64;
extern const attr::ValueType float32;
extern const attr::ValueType buffer_type;
extern const attr::ValueType permission;
extern const attr::ValueType gpu_id;
extern const attr::ValueType gpu_cache;
extern const attr::ValueType gpu_compression;
extern const attr::ValueType peer_location;
extern const attr::ValueType peer_engine;
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
