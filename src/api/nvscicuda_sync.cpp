// SPDX-License-Identifier: Apache-2.0
//
// The NvSciSync part of nvscicuda.h: attributes and external semaphores.
#include <fmt/format.h>

#include <vector>

#include "api/call.h"
#include "api/forward.h"
#include "api/handles.h"
#include "api/nvscicuda_abi.h"
#include "api/trace_notes.h"
#include "cuda/external_semaphore.h"
#include "cuda/sync_attributes.h"

using namespace opennvsci;      // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using namespace opennvsci::cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using api::forward;

namespace {

using SemaphoreRef = api::ExternalSemaphoreTable::Ref;

// A handle of another kind is no pointer of the driver's either, and is refused with its name.
bool is_ours(CUexternalSemaphore semaphore) {
    return is_handle(api::number(semaphore));
}

SemaphoreRef hold(CUexternalSemaphore semaphore) noexcept {
    return api::external_semaphores().acquire(api::number(semaphore));
}

tl::unexpected<Error> not_alive(CUexternalSemaphore semaphore, std::size_t place) {
    return api::not_alive(HandleKind::external_semaphore, api::number(semaphore),
                          fmt::format("extSemArray[{}]", place));
}

template <class Parameters>
cuda::SemaphoreUse use_of(const SemaphoreRef& semaphore, const Parameters& parameters) {
    return {&*semaphore, static_cast<NvSciSyncFence*>(parameters.params.nvSciSync.fence), parameters.flags};
}

// Most calls have one semaphore: these need no memory.
template <class Kind>
Result<> use_one(CUexternalSemaphore semaphore, const typename Kind::Parameters& parameters, CUstream stream) {
    const SemaphoreRef held = hold(semaphore);
    if (!held) return not_alive(semaphore, 0);
    cuda::SemaphoreUse use = use_of(held, parameters);
    return cuda::use_semaphores<Kind>(std::span(&use, 1), stream, [] { return Result<>(); });
}

// Semaphores of ours and of the driver in one array: the driver's part runs when ours is checked and not yet begun.
template <class Kind>
Result<> use_mixed(std::span<const CUexternalSemaphore> semaphores, const typename Kind::Parameters* parameters,
                   CUstream stream) {
    std::vector<SemaphoreRef> held;
    std::vector<cuda::SemaphoreUse> ours;
    std::vector<CUexternalSemaphore> theirs;
    std::vector<typename Kind::Parameters> their_parameters;
    for (std::size_t i = 0; i < semaphores.size(); ++i) {
        if (is_ours(semaphores[i])) {
            SemaphoreRef semaphore = hold(semaphores[i]);
            if (!semaphore) return not_alive(semaphores[i], i);
            ours.push_back(use_of(semaphore, parameters[i]));
            held.push_back(std::move(semaphore));
        } else {
            theirs.push_back(semaphores[i]);
            their_parameters.push_back(parameters[i]);
        }
    }
    const auto run_theirs = [&]() -> Result<> {
        if (theirs.empty()) return {};
        OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
        const CUresult result = (driver->call.*Kind::kDriverCall)(theirs.data(), their_parameters.data(),
                                                                  static_cast<unsigned>(theirs.size()), stream);
        if (result != CUDA_SUCCESS) return driver->error(result, "the driver's part of the call");
        return {};
    };
    return ours.empty() ? run_theirs() : cuda::use_semaphores<Kind>(ours, stream, run_theirs);
}

template <class Kind>
CUresult use(std::string_view function, const CUexternalSemaphore* semaphores,
             const typename Kind::Parameters* parameters, unsigned count, CUstream stream) {
    if (count == 0) {
        return forward(function, [&](const driver::EntryPoints& cuda) {
            return (cuda.*Kind::kDriverCall)(semaphores, parameters, 0, stream);
        });
    }
    return api::cuda_call(function, [&]() -> Result<> {
        if (semaphores == nullptr) return api::null_argument("extSemArray");
        if (parameters == nullptr) return api::null_argument("paramsArray");
        if (count == 1 && is_ours(*semaphores)) return use_one<Kind>(*semaphores, *parameters, stream);
        return use_mixed<Kind>(std::span(semaphores, count), parameters, stream);
    });
}

}  // namespace

CUresult nvsciCuDeviceGetNvSciSyncAttributes(void* nvSciSyncAttrList, CUdevice dev, int flags) {
    return api::cuda_call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(device, cuda::find_device(dev));
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire(api::sync_lists(), nvSciSyncAttrList, "nvSciSyncAttrList"));
        return cuda::set_sync_attributes(*(*entry)->list, *device, flags);
    });
}

CUresult nvsciCuImportExternalSemaphore(CUexternalSemaphore* extSem_out,
                                        const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* semHandleDesc) {
    if (semHandleDesc != nullptr && semHandleDesc->type != CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC) {
        return forward(__func__,
                       [&](const auto& cuda) { return cuda.cuImportExternalSemaphore(extSem_out, semHandleDesc); });
    }
    return api::cuda_call(__func__, [&]() -> Result<> {
        if (extSem_out == nullptr) return api::null_argument("extSem_out");
        if (semHandleDesc == nullptr) return api::null_argument("semHandleDesc");
        if (semHandleDesc->flags != 0) {
            return fail_unmet(NvSciError_BadParameter, {"flags", fmt::format("{:#x}", semHandleDesc->flags), "0"},
                              "flags are {found}, and must be {needed}");
        }
        const void* const wanted = semHandleDesc->handle.nvSciSyncObj;
        OPENNVSCI_TRY_ASSIGN(object, api::acquire(api::sync_objects(), wanted, "handle.nvSciSyncObj"));
        trace::when_on([&] {
            trace::note_address("object", api::number(wanted));
            api::note_object(*object->object());
        });
        OPENNVSCI_TRY_ASSIGN(semaphore, cuda::ExternalSemaphore::import(object->object()));
        return api::give_handle(api::external_semaphores(), std::move(semaphore), extSem_out);
    });
}

CUresult nvsciCuSignalExternalSemaphoresAsync(const CUexternalSemaphore* extSemArray,
                                              const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* paramsArray,
                                              unsigned numExtSems, CUstream stream) {
    return use<cuda::Signals>(__func__, extSemArray, paramsArray, numExtSems, stream);
}

CUresult nvsciCuWaitExternalSemaphoresAsync(const CUexternalSemaphore* extSemArray,
                                            const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* paramsArray, unsigned numExtSems,
                                            CUstream stream) {
    return use<cuda::Waits>(__func__, extSemArray, paramsArray, numExtSems, stream);
}

CUresult nvsciCuDestroyExternalSemaphore(CUexternalSemaphore extSem) {
    if (extSem != nullptr && !is_ours(extSem)) {
        return forward(__func__, [&](const auto& cuda) { return cuda.cuDestroyExternalSemaphore(extSem); });
    }
    return api::cuda_call(__func__, [&]() -> Result<> {
        if (extSem == nullptr) return api::null_argument("extSem");
        trace::when_on([&] { trace::note_address("handle", api::number(extSem)); });
        if (api::external_semaphores().close(api::number(extSem))) return {};
        return api::not_alive(HandleKind::external_semaphore, api::number(extSem), "extSem");
    });
}
