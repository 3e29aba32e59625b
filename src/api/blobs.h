// SPDX-License-Identifier: Apache-2.0
//
// Blobs: the exported bytes that programs hold until they give them back to a FreeDesc function. Each is remembered
// with the function that frees it, so that a foreign pointer, one that was freed, or one for another function is
// recognised instead of being freed. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace opennvsci::api {

/// By the function that frees them.
enum class BlobKind : std::uint8_t { buf_list, buf_list_and_object, sync_list, sync_list_and_object };

/// Gives the program a copy of `bytes`, at least one, which lives until free_blob(). Both outputs are stored, or none.
[[nodiscard]] Result<> give_blob(BlobKind kind, std::span<const std::byte> bytes, void** blob, size_t* size);

/// Ends a blob for the public function `function`: one that it does not know is said, NULL is not.
void free_blob(const char* function, BlobKind kind, void* blob) noexcept;

}  // namespace opennvsci::api
