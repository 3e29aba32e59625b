// SPDX-License-Identifier: Apache-2.0
#include "api/inspection.h"

#include <exception>

#include "api/inspection_document.h"
#include "base/log.h"
#include "base/text_buffer.h"
#include "ipc/inspection_answerer.h"

namespace opennvsci::api {
namespace {

void tell(std::string_view why) noexcept {
    const TextBuffer<512> text{"this process does not answer `opennvsci objects`: ", why};
    log::write_bounded(log::Level::warning, text.view());
}

}  // namespace

// The call that opens the module goes on: a program does not depend on being inspected.
void begin_inspection() noexcept {
    try {
        const Result<> begun = ipc::inspection::begin_to_answer(inspection_document);
        if (!begun) tell(begun.error().text);
    } catch (const std::exception& error) {
        tell(error.what());
    }
}

}  // namespace opennvsci::api
