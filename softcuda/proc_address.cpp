// SPDX-License-Identifier: Apache-2.0
//
// cuGetProcAddress: the tables of entry points, searched by base name and version. A base name is the name without a
// "_v2"; the newest variant that is not newer than the version asked for is the one. There are no variants for
// per-thread default streams, so the flag that prefers them gets the plain ones. Absent functions (absent_functions.h)
// are not found: programs take what is found for usable, and have another way for what is not.
#include <atomic>
#include <string_view>

#include "base/log.h"
#include "softcuda/entry.h"

namespace opennvsci::softcuda {

namespace {

struct Variant {
    std::string_view name;
    int version;
    void* function;
};

std::string_view base_name(std::string_view name) noexcept {
    constexpr std::string_view kSuffix = "_v2";
    return name.ends_with(kSuffix) ? name.substr(0, name.size() - kSuffix.size()) : name;
}

#define OPENNVSCI_VARIANT(name, symbol, version, presence, parameters) \
    Variant{#name, version, reinterpret_cast<void*>(&symbol)},
#define OPENNVSCI_OWN_VARIANT(name, symbol, version, parameters) \
    OPENNVSCI_VARIANT(name, symbol, version, optional, parameters)

const Variant kVariants[] = {OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_VARIANT)  //
                             OPENNVSCI_SOFTCUDA_ENTRY_POINTS(OPENNVSCI_OWN_VARIANT)};

#undef OPENNVSCI_OWN_VARIANT
#undef OPENNVSCI_VARIANT

}  // namespace

CUresult cuGetProcAddress_v2(const char* symbol, void** function, int version, unsigned long long flags,
                             CUdriverProcAddressQueryResult* symbolStatus) {
    constexpr unsigned long long kGreatestFlag = 2;  // default, legacy stream, per-thread default stream
    if (symbol == nullptr || function == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (version > kDriverVersion || flags > kGreatestFlag) return CUDA_ERROR_INVALID_VALUE;
    const Variant* best = nullptr;
    bool known = false;
    for (const Variant& variant : kVariants) {
        if (variant.name != symbol && base_name(variant.name) != symbol) continue;
        known = true;
        if (variant.version > version) continue;
        if (best == nullptr || variant.version > best->version) best = &variant;
    }
    *function = best != nullptr ? best->function : nullptr;
    if (symbolStatus != nullptr) {
        *symbolStatus = best != nullptr ? CU_GET_PROC_ADDRESS_SUCCESS
                        : known         ? CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT
                                        : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
    }
    return CUDA_SUCCESS;
}

CUresult cuGetProcAddress(const char* symbol, void** function, int version, unsigned long long flags) {
    return cuGetProcAddress_v2(symbol, function, version, flags, nullptr);
}

// The tables are private to NVIDIA's own libraries. Of those the CUDA runtime comes first, and what it tells its
// program then is no more than a number, so the reason is told here.
CUresult cuGetExportTable(const void** table, const CUuuid* id) {
    if (table == nullptr || id == nullptr) return CUDA_ERROR_INVALID_VALUE;
    static std::atomic_flag is_said;
    if (!is_said.test_and_set(std::memory_order_relaxed)) {
        log::write(log::Level::error,
                   "the CUDA runtime needs NVIDIA's driver, which is not in use here: the software CUDA device serves "
                   "programs of the driver API that launch no kernels, see docs/software-device.md of OpenNvSci");
    }
    *table = nullptr;
    return CUDA_ERROR_NOT_SUPPORTED;
}

}  // namespace opennvsci::softcuda
