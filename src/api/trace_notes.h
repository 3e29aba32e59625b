// SPDX-License-Identifier: Apache-2.0
//
// What a trace shows of negotiations, objects and mappings. These belong into trace::when_on().
#pragma once

#include <span>

#include "attr/negotiation.h"
#include "base/cuda_abi.h"
#include "buf/object.h"
#include "ipc/endpoint.h"
#include "sync/object.h"

namespace opennvsci::api {

/// The number of participants, and what came of it: "granted", "weakened" if a wish was denied, or "refused"; then with
/// the first key that was not granted.
void note_negotiation(const attr::Schema& schema, std::span<const attr::List* const> lists,
                      const attr::Reconciliation& result) noexcept;

/// Size, memory and right; or the timeline.
void note_object(const buf::Object& object) noexcept;
void note_object(const sync::Object& object) noexcept;

/// Lists, and objects with their lists, that go to the peer of an endpoint or come from there.
void note_blob(const ipc::Endpoint& endpoint, std::size_t size) noexcept;

void note_mapping(const cu::CUDA_EXTERNAL_MEMORY_BUFFER_DESC& desc, cu::CUdeviceptr pointer) noexcept;
void note_mapping(const cu::CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) noexcept;

}  // namespace opennvsci::api
