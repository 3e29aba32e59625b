// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks share: a module, lists of raw buffers, objects, and the device with its context. Errors end the
// program: a benchmark of failing calls measures nothing.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "api/nvscicuda_abi.h"
#include "driver/driver.h"
#include "nvscibuf.h"
#include "opennvsci.h"

namespace opennvsci::bench {

inline void check(unsigned code, const char* call) {
    if (code == 0) return;
    std::fprintf(stderr, "%s failed with %#x: %s\n", call, code, opennvsciGetLastErrorText());
    std::abort();
}
#define BENCH_CHECK(call) ::opennvsci::bench::check(static_cast<unsigned>(call), #call)

inline const driver::Driver& loaded_driver() {
    const auto loaded = driver::instance();
    if (!loaded) std::abort();
    return **loaded;
}

/// Makes the primary context of device 0 current on the calling thread. Retains it: once a thread.
inline void use_primary_context() {
    const driver::Driver& driver = loaded_driver();
    cu::CUcontext context = nullptr;
    BENCH_CHECK(driver.call.cuDevicePrimaryCtxRetain(&context, driver.devices.front().handle));
    BENCH_CHECK(driver.call.cuCtxSetCurrent(context));
}

/// The loaded driver, with the primary context of device 0 current on the thread that called first.
inline const driver::Driver& device_driver() {
    static const driver::Driver& driver = []() -> const driver::Driver& {
        use_primary_context();
        return loaded_driver();
    }();
    return driver;
}

inline NvSciRmGpuId gpu_id() {
    NvSciRmGpuId id{};
    std::memcpy(id.bytes, loaded_driver().devices.front().uuid.bytes.data(), sizeof(id.bytes));
    return id;
}

inline NvSciBufModule module() {
    static const NvSciBufModule opened = [] {
        NvSciBufModule created = nullptr;
        BENCH_CHECK(NvSciBufModuleOpen(&created));
        return created;
    }();
    return opened;
}

/// What the CUDA guide sets for a raw buffer: eight keys, or seven without the wish for compression.
inline NvSciBufAttrList raw_list(std::uint64_t size, bool cpu, bool compressed = true) {
    NvSciBufAttrList list = nullptr;
    BENCH_CHECK(NvSciBufAttrListCreate(module(), &list));
    const NvSciBufType type = NvSciBufType_RawBuffer;
    const std::uint64_t align = 4096;
    const NvSciBufAttrValAccessPerm permission = NvSciBufAccessPerm_ReadWrite;
    const NvSciRmGpuId gpu = gpu_id();
    const NvSciBufAttrValGpuCache cache{gpu, !cpu};
    const NvSciBufAttrValGpuCompression compression{gpu, NvSciBufCompressionType_GenericCompressible};
    NvSciBufAttrKeyValuePair pairs[] = {
        {NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
        {NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)},
        {NvSciBufRawBufferAttrKey_Align, &align, sizeof(align)},
        {NvSciBufGeneralAttrKey_NeedCpuAccess, &cpu, sizeof(cpu)},
        {NvSciBufGeneralAttrKey_RequiredPerm, &permission, sizeof(permission)},
        {NvSciBufGeneralAttrKey_GpuId, &gpu, sizeof(gpu)},
        {NvSciBufGeneralAttrKey_EnableGpuCache, &cache, sizeof(cache)},
        {NvSciBufGeneralAttrKey_EnableGpuCompression, &compression, sizeof(compression)},
    };
    BENCH_CHECK(NvSciBufAttrListSetAttrs(list, pairs, std::size(pairs) - (compressed ? 0 : 1)));
    return list;
}

/// A block-linear picture of three planes (4:2:0), described by its planes: eleven keys.
inline NvSciBufAttrList image_list(std::uint32_t width, std::uint32_t height) {
    NvSciBufAttrList list = nullptr;
    BENCH_CHECK(NvSciBufAttrListCreate(module(), &list));
    const NvSciBufType type = NvSciBufType_Image;
    const NvSciBufAttrValAccessPerm permission = NvSciBufAccessPerm_ReadWrite;
    const NvSciRmGpuId gpu = gpu_id();
    const NvSciBufAttrValImageLayoutType layout = NvSciBufImage_BlockLinearType;
    const NvSciBufAttrValImageScanType scan = NvSciBufScan_ProgressiveType;
    const std::uint32_t planes = 3;
    const NvSciBufAttrValColorFmt formats[] = {NvSciColor_Y8, NvSciColor_U8, NvSciColor_V8};
    const NvSciBufAttrValColorStd standards[] = {NvSciColorStd_REC709_ER, NvSciColorStd_REC709_ER,
                                                 NvSciColorStd_REC709_ER};
    const std::uint32_t alignments[] = {4096, 4096, 4096};
    const std::uint32_t widths[] = {width, width / 2, width / 2};
    const std::uint32_t heights[] = {height, height / 2, height / 2};
    NvSciBufAttrKeyValuePair pairs[] = {
        {NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
        {NvSciBufGeneralAttrKey_RequiredPerm, &permission, sizeof(permission)},
        {NvSciBufGeneralAttrKey_GpuId, &gpu, sizeof(gpu)},
        {NvSciBufImageAttrKey_Layout, &layout, sizeof(layout)},
        {NvSciBufImageAttrKey_ScanType, &scan, sizeof(scan)},
        {NvSciBufImageAttrKey_PlaneCount, &planes, sizeof(planes)},
        {NvSciBufImageAttrKey_PlaneColorFormat, formats, sizeof(formats)},
        {NvSciBufImageAttrKey_PlaneColorStd, standards, sizeof(standards)},
        {NvSciBufImageAttrKey_PlaneBaseAddrAlign, alignments, sizeof(alignments)},
        {NvSciBufImageAttrKey_PlaneWidth, widths, sizeof(widths)},
        {NvSciBufImageAttrKey_PlaneHeight, heights, sizeof(heights)},
    };
    BENCH_CHECK(NvSciBufAttrListSetAttrs(list, pairs, std::size(pairs)));
    return list;
}

/// The reconciled list of such a buffer alone.
inline NvSciBufAttrList reconciled_list(std::uint64_t size, bool cpu, bool compressed) {
    NvSciBufAttrList list = raw_list(size, cpu, compressed);
    NvSciBufAttrList reconciled = nullptr;
    NvSciBufAttrList conflict = nullptr;
    BENCH_CHECK(NvSciBufAttrListReconcile(&list, 1, &reconciled, &conflict));
    NvSciBufAttrListFree(list);
    return reconciled;
}

/// An object of `size` bytes, in system memory if the CPU takes part, else in video memory. Not compressible, because
/// mapping compressible memory costs the driver more, and the anchors are plain.
inline NvSciBufObj object(std::uint64_t size, bool cpu) {
    NvSciBufAttrList list = raw_list(size, cpu, false);
    NvSciBufObj made = nullptr;
    NvSciBufAttrList conflict = nullptr;
    BENCH_CHECK(NvSciBufAttrListReconcileAndObjAlloc(&list, 1, &made, &conflict));
    NvSciBufAttrListFree(list);
    return made;
}

/// An object in CUDA, mapped as a whole.
struct Imported {
    cu::CUexternalMemory memory = nullptr;
    cu::CUdeviceptr pointer = 0;
};

inline Imported import_and_map(NvSciBufObj object, std::size_t size) {
    Imported imported;
    cu::CUDA_EXTERNAL_MEMORY_HANDLE_DESC handle{};
    handle.type = cu::CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    handle.handle.nvSciBufObject = object;
    handle.size = size;
    BENCH_CHECK(nvsciCuImportExternalMemory(&imported.memory, &handle));
    const cu::CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{0, size, 0, {}};
    BENCH_CHECK(nvsciCuExternalMemoryGetMappedBuffer(&imported.pointer, imported.memory, &window));
    return imported;
}

inline void release(const Imported& imported) {
    BENCH_CHECK(nvsciCuMemFree(imported.pointer));
    BENCH_CHECK(nvsciCuDestroyExternalMemory(imported.memory));
}

}  // namespace opennvsci::bench
