// SPDX-License-Identifier: Apache-2.0
//
// The NvSciSync part of nvscicuda.h: attributes and external semaphores.
#include <fmt/format.h>

#include <vector>

#include "api/call.h"
#include "api/forward.h"
#include "api/handles.h"
#include "api/nvscicuda_abi.h"
#include "cuda/external_semaphore.h"
#include "cuda/sync_attributes.h"

using namespace opennvsci;      // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using namespace opennvsci::cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using api::forward;

namespace {

using SemaphoreRef = api::ExternalSemaphoreTable::Ref;

bool is_ours(CUexternalSemaphore semaphore) {
    return is_handle_of(HandleKind::external_semaphore, api::number(semaphore));
}

/// An array of semaphores, ours and the driver's apart, each with its parameters.
template <class Item, class Parameters>
struct Parted {
    std::vector<SemaphoreRef> held;
    std::vector<Item> ours;
    std::vector<CUexternalSemaphore> theirs;
    std::vector<Parameters> their_parameters;
};

template <class Item, class Parameters>
Result<Parted<Item, Parameters>> part(const CUexternalSemaphore* semaphores, const Parameters* parameters,
                                      unsigned count) {
    if (semaphores == nullptr) return api::null_argument("extSemArray");
    if (parameters == nullptr) return api::null_argument("paramsArray");
    Parted<Item, Parameters> parted;
    for (unsigned i = 0; i < count; ++i) {
        if (is_ours(semaphores[i])) {
            OPENNVSCI_TRY_ASSIGN(
                semaphore, api::acquire(api::external_semaphores(), semaphores[i], fmt::format("extSemArray[{}]", i)));
            parted.ours.push_back({&*semaphore, &parameters[i]});
            parted.held.push_back(std::move(semaphore));
        } else {
            parted.theirs.push_back(semaphores[i]);
            parted.their_parameters.push_back(parameters[i]);
        }
    }
    return parted;
}

/// The driver's part of a call. It runs between the check of ours, which refuses without effect, and ours itself, which
/// then can fail for want of resources only.
template <class Parted, class Call>
Result<> run_theirs(const Parted& parted, CUstream stream, Call&& call) {
    if (parted.theirs.empty()) return {};
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    const CUresult result = call(driver->call, parted.theirs.data(), parted.their_parameters.data(),
                                 static_cast<unsigned>(parted.theirs.size()), stream);
    if (result != CUDA_SUCCESS) return driver->error(result, "the driver's part of the call");
    return {};
}

// Most calls have one semaphore: these need no memory.
template <class Item, class Parameters, class Check, class Run>
Result<> run_one(CUexternalSemaphore semaphore, const Parameters& parameters, CUstream stream, Check&& check,
                 Run&& run) {
    OPENNVSCI_TRY_ASSIGN(held, api::acquire(api::external_semaphores(), semaphore, "extSemArray[0]"));
    const Item item{&*held, &parameters};
    OPENNVSCI_TRY_ASSIGN(place, check(std::span(&item, 1), stream));
    return run(std::span(&item, 1), place);
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
            return fail(NvSciError_BadParameter, fmt::format("flags are {:#x}, and must be 0", semHandleDesc->flags));
        }
        OPENNVSCI_TRY_ASSIGN(
            object, api::acquire(api::sync_objects(), semHandleDesc->handle.nvSciSyncObj, "handle.nvSciSyncObj"));
        OPENNVSCI_TRY_ASSIGN(semaphore, cuda::ExternalSemaphore::import(object->object()));
        return api::give_handle(api::external_semaphores(), std::move(semaphore), extSem_out);
    });
}

CUresult nvsciCuSignalExternalSemaphoresAsync(const CUexternalSemaphore* extSemArray,
                                              const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* paramsArray,
                                              unsigned numExtSems, CUstream stream) {
    if (numExtSems == 0) {
        return forward(__func__, [&](const auto& cuda) {
            return cuda.cuSignalExternalSemaphoresAsync(extSemArray, paramsArray, 0, stream);
        });
    }
    return api::cuda_call(__func__, [&]() -> Result<> {
        if (numExtSems == 1 && extSemArray != nullptr && paramsArray != nullptr && is_ours(*extSemArray)) {
            return run_one<cuda::SemaphoreSignal>(*extSemArray, *paramsArray, stream, cuda::check_signals,
                                                  cuda::signal);
        }
        OPENNVSCI_TRY_ASSIGN(parted, (part<cuda::SemaphoreSignal>(extSemArray, paramsArray, numExtSems)));
        std::optional<driver::StreamPlace> place;
        if (!parted.ours.empty()) {
            OPENNVSCI_TRY_ASSIGN(checked, cuda::check_signals(parted.ours, stream));
            place = checked;
        }
        OPENNVSCI_TRY(run_theirs(parted, stream, [](const auto& cuda, auto... arguments) {
            return cuda.cuSignalExternalSemaphoresAsync(arguments...);
        }));
        return place ? cuda::signal(parted.ours, *place) : Result<>();
    });
}

CUresult nvsciCuWaitExternalSemaphoresAsync(const CUexternalSemaphore* extSemArray,
                                            const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* paramsArray, unsigned numExtSems,
                                            CUstream stream) {
    if (numExtSems == 0) {
        return forward(__func__, [&](const auto& cuda) {
            return cuda.cuWaitExternalSemaphoresAsync(extSemArray, paramsArray, 0, stream);
        });
    }
    return api::cuda_call(__func__, [&]() -> Result<> {
        if (numExtSems == 1 && extSemArray != nullptr && paramsArray != nullptr && is_ours(*extSemArray)) {
            return run_one<cuda::SemaphoreWait>(*extSemArray, *paramsArray, stream, cuda::check_waits, cuda::wait);
        }
        OPENNVSCI_TRY_ASSIGN(parted, (part<cuda::SemaphoreWait>(extSemArray, paramsArray, numExtSems)));
        std::optional<driver::StreamPlace> place;
        if (!parted.ours.empty()) {
            OPENNVSCI_TRY_ASSIGN(checked, cuda::check_waits(parted.ours, stream));
            place = checked;
        }
        OPENNVSCI_TRY(run_theirs(parted, stream, [](const auto& cuda, auto... arguments) {
            return cuda.cuWaitExternalSemaphoresAsync(arguments...);
        }));
        return place ? cuda::wait(parted.ours, *place) : Result<>();
    });
}

CUresult nvsciCuDestroyExternalSemaphore(CUexternalSemaphore extSem) {
    if (extSem != nullptr && !is_ours(extSem)) {
        return forward(__func__, [&](const auto& cuda) { return cuda.cuDestroyExternalSemaphore(extSem); });
    }
    return api::cuda_call(__func__, [&]() -> Result<> {
        if (extSem == nullptr) return api::null_argument("extSem");
        if (api::external_semaphores().close(api::number(extSem))) return {};
        return fail(NvSciError_BadParameter, "extSem is not a live handle", CUDA_ERROR_INVALID_HANDLE);
    });
}
