// SPDX-License-Identifier: Apache-2.0
#include "cuda/object_mappings.h"

#include <algorithm>

#include "base/checked.h"
#include "cuda/external_memory.h"
#include "cuda/mapped_pointers.h"
#include "cuda/sync_attributes.h"
#include "driver/kept_contexts.h"
#include "driver/scoped_context.h"

namespace opennvsci::cuda {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

ObjectMappings::Mapping::~Mapping() {
    if (pointer != 0) MappedPointers::instance().give_back(pointer, *context);
}

// In a forked child the lock may be held for ever, by a thread of the parent.
Result<> ObjectMappings::must_be_of_this_process() const {
    if (object_->is_of_this_process()) return {};
    return fail(NvSciError_InvalidState,
                "the object belongs to the process that this one was forked from, which CUDA does not serve",
                CUDA_ERROR_NOT_INITIALIZED);
}

Result<CUdeviceptr> ObjectMappings::pointer(unsigned ordinal) {
    OPENNVSCI_TRY(must_be_of_this_process());
    OPENNVSCI_TRY_ASSIGN(device, find_device(static_cast<CUdevice>(ordinal)));
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    const driver::ScopedContext scope(*driver, *device);
    if (scope.result() != CUDA_SUCCESS) return driver->error(scope.result(), "cuDevicePrimaryCtxRetain");
    if (scope.is_primary()) driver::keep_primary_context(*driver, *device);
    return pointer_in_current(*driver);
}

// The lock is not held while the driver maps. Of several threads that map at once, the first is believed.
Result<CUdeviceptr> ObjectMappings::pointer_in_current(const driver::Driver& driver) {
    OPENNVSCI_TRY_ASSIGN(context, driver::ContextWatch::of_current(driver));
    {
        const std::lock_guard lock(mutex_);
        if (const CUdeviceptr known = known_in(*context); known != 0) return known;
    }
    const std::uint64_t size = object_->extent().size;
    OPENNVSCI_TRY_ASSIGN(memory, ExternalMemory::import(object_, size));
    CUDA_EXTERNAL_MEMORY_BUFFER_DESC whole{};
    whole.size = size;
    OPENNVSCI_TRY_ASSIGN(pointer, memory.map_buffer(whole));
    Mapping mapping(*context, pointer);
    std::list<Mapping> ended;  // of contexts that are gone; they go without the lock
    const std::lock_guard lock(mutex_);
    for (auto next = mappings_.begin(); next != mappings_.end();) {
        const auto known = next++;
        if (!known->context->is_alive()) ended.splice(ended.end(), mappings_, known);
    }
    if (const CUdeviceptr known = known_in(*context); known != 0) return known;
    mappings_.push_back(std::move(mapping));
    return pointer;
}

CUdeviceptr ObjectMappings::known_in(const driver::ContextWatch& context) {
    const auto found = std::find_if(mappings_.begin(), mappings_.end(),
                                    [&](const Mapping& mapping) { return mapping.context == &context; });
    return found == mappings_.end() ? 0 : found->pointer;
}

Result<bool> ObjectMappings::shows(unsigned ordinal, CUdeviceptr address, std::uint64_t size) {
    OPENNVSCI_TRY(must_be_of_this_process());
    const std::uint64_t all = object_->extent().size;
    const std::lock_guard lock(mutex_);
    return std::any_of(mappings_.begin(), mappings_.end(), [&](const Mapping& mapping) {
        return mapping.context->is_alive() && mapping.context->device().handle == static_cast<CUdevice>(ordinal) &&
               address >= mapping.pointer && checked::window_fits<std::uint64_t>(address - mapping.pointer, size, all);
    });
}

}  // namespace opennvsci::cuda
