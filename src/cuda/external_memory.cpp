// SPDX-License-Identifier: Apache-2.0
#include "cuda/external_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/checked.h"
#include "base/log.h"
#include "buf/keys.h"
#include "cuda/mapped_pointers.h"

namespace opennvsci::cuda {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

// The object was negotiated for the GPUs of GpuId. Another one may still reach the memory, so this is said, not
// refused.
void warn_if_not_negotiated(const buf::Object& object, const driver::Device& device) {
    const attr::Slot& slot = object.list()->reconciled();
    const std::size_t count = slot.count<NvSciRmGpuId>(NvSciBufGeneralAttrKey_GpuId);
    for (std::size_t i = 0; i < count; ++i) {
        const auto id = slot.element<NvSciRmGpuId>(NvSciBufGeneralAttrKey_GpuId, i);
        if (device.has_uuid(driver::Uuid::from(id.bytes))) return;
    }
    const auto video = slot.scalar<NvSciRmGpuId>(NvSciBufGeneralAttrKey_VidMem_GpuId);
    if (video && device.has_uuid(driver::Uuid::from(video->bytes))) return;
    if (!log::enabled(log::Level::warning)) return;
    log::write(log::Level::warning, fmt::format("an object is imported on {} ({}), which no list named in GpuId",
                                                device.uuid.text(), device.name));
}

}  // namespace

Result<ExternalMemory> ExternalMemory::import(std::shared_ptr<buf::Object> object, unsigned long long size) {
    if (size == 0 || size > object->allocation().size()) {
        return fail(NvSciError_BadParameter,
                    fmt::format("the descriptor's size is {}, the object has {} bytes", size, object->extent().size));
    }
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    OPENNVSCI_TRY_ASSIGN(device, driver->current_device());
    CUcontext context = nullptr;
    driver->call.cuCtxGetCurrent(&context);
    warn_if_not_negotiated(*object, *device);
    return ExternalMemory(std::move(object), *driver, *device, context, size);
}

Result<CUdeviceptr> ExternalMemory::map_buffer(const CUDA_EXTERNAL_MEMORY_BUFFER_DESC& desc) const {
    if (desc.flags != 0) {
        return fail(NvSciError_BadParameter, fmt::format("flags are {:#x}, and must be 0", desc.flags));
    }
    if (desc.size == 0 || !checked::window_fits(desc.offset, desc.size, size_)) {
        return fail(NvSciError_BadParameter,
                    fmt::format("a window of {} bytes at offset {} does not fit into the imported {} bytes", desc.size,
                                desc.offset, size_));
    }
    OPENNVSCI_TRY(driver_->current_device());  // some context must be current, as for every driver call
    OPENNVSCI_TRY_ASSIGN(mapping, object_->allocation().map_for_gpu(*driver_, *device_, object_->right()));
    const CUdeviceptr pointer = mapping->address() + desc.offset;
    MappedPointers::instance().insert(pointer, {object_, std::move(mapping), driver_, device_, context_});
    return pointer;
}

}  // namespace opennvsci::cuda
