// SPDX-License-Identifier: Apache-2.0
//
// The driver's own way to share between processes, which the library is compared with: CUDA IPC. The software device
// has none.
#pragma once

#include "fixture.h"

namespace opennvsci::bench {

struct CudaIpcMemHandle {
    char reserved[64];
};
struct CudaIpcEventHandle {
    char reserved[64];
};

struct CudaIpc {
    cu::CUresult (*get_mem_handle)(CudaIpcMemHandle* handle, cu::CUdeviceptr pointer);
    cu::CUresult (*open_mem_handle)(cu::CUdeviceptr* pointer, CudaIpcMemHandle handle, unsigned flags);
    cu::CUresult (*close_mem_handle)(cu::CUdeviceptr pointer);
    cu::CUresult (*get_event_handle)(CudaIpcEventHandle* handle, cu::CUevent event);
    cu::CUresult (*open_event_handle)(cu::CUevent* event, CudaIpcEventHandle handle);

    static constexpr unsigned kLazyEnablePeerAccess = 1;
    static constexpr unsigned kInterprocessEvent = 2 | 4;  // CU_EVENT_DISABLE_TIMING | CU_EVENT_INTERPROCESS

    /// Null where the driver has none of it.
    [[nodiscard]] static const CudaIpc* instance();
};

constexpr const char* kNoCudaIpc = "this device has no CUDA IPC";

}  // namespace opennvsci::bench
