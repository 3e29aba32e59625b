// SPDX-License-Identifier: Apache-2.0
//
// The answer to an inspection: a JSON document, format_version 1, of what this process holds. docs/how-to.md says what
// is in it.
#pragma once

#include <string>

#include "api/inspection_writer.h"

namespace opennvsci::api {

/// Throws std::bad_alloc. What it looks at it holds for the moment, so what the program frees meanwhile may end here.
[[nodiscard]] std::string inspection_document();

// Its parts, each a field, or several.

void write_lists(InspectionWriter& out);
/// Buffer objects, external memories, mapped buffers and imports into Vulkan.
void write_buffers(InspectionWriter& out);
/// Synchronization objects, external semaphores, semaphore pools and wait contexts.
void write_sync_objects(InspectionWriter& out);

}  // namespace opennvsci::api
