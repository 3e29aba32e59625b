// SPDX-License-Identifier: Apache-2.0
#include "nvsci.h"

#include <fmt/format.h>

#include <array>

namespace opennvsci::tool {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

// Of nvscicuda.h, which includes <cuda.h>.
extern "C" {
CUresult nvsciCuImportExternalMemory(CUexternalMemory* extMem_out,
                                     const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* memHandleDesc);
CUresult nvsciCuExternalMemoryGetMappedBuffer(CUdeviceptr* devPtr, CUexternalMemory extMem,
                                              const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* bufferDesc);
CUresult nvsciCuDestroyExternalMemory(CUexternalMemory extMem);
CUresult nvsciCuMemFree(CUdeviceptr devPtr);
}

Result<> check(NvSciError code, std::string_view call) {
    if (code == NvSciError_Success) return {};
    const std::string_view words = opennvsciGetLastErrorText();  // "CALL: REASON"
    const bool has_call = words.starts_with(call) && words.substr(call.size()).starts_with(": ");
    return fail(fmt::format("{} failed: {}: {}", call, opennvsciErrorName(code), words),
                std::string(has_call ? words.substr(call.size() + 2) : words));
}

std::string text_of(NvSciBufAttrKey key, std::span<const std::byte> value) {
    std::array<char, 256> text{};  // longer than the text of any single value
    const auto result = opennvsciBufAttrValueGetText(key, value.data(), value.size(), text.data(), text.size());
    return result == NvSciError_Success ? text.data() : "";
}

std::span<const OpenNvSciEnumerator> enumerators_of(NvSciBufAttrKey key) {
    const OpenNvSciKey* keys = nullptr;
    std::size_t count = 0;
    if (opennvsciBufGetKeys(&keys, &count) != NvSciError_Success) return {};
    for (const OpenNvSciKey& one : std::span(keys, count)) {
        if (one.number == static_cast<std::uint32_t>(key)) return {one.enumerators, one.enumeratorCount};
    }
    return {};
}

Result<ExternalMemory> ExternalMemory::import(const Driver& driver, const Object& object, std::size_t size) {
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    desc.handle.nvSciBufObject = object.get();
    desc.size = size;
    CUexternalMemory handle = nullptr;
    OPENNVSCI_TRY(check(driver, nvsciCuImportExternalMemory(&handle, &desc), "nvsciCuImportExternalMemory"));
    return ExternalMemory(driver, handle);
}

ExternalMemory::~ExternalMemory() {
    if (handle_ != nullptr) nvsciCuDestroyExternalMemory(handle_);
}

Result<> ExternalMemory::destroy() {
    return check(driver_, nvsciCuDestroyExternalMemory(std::exchange(handle_, nullptr)),
                 "nvsciCuDestroyExternalMemory");
}

Result<MappedBuffer> MappedBuffer::map(const Driver& driver, const ExternalMemory& memory, std::size_t offset,
                                       std::size_t size) {
    CUDA_EXTERNAL_MEMORY_BUFFER_DESC desc{};
    desc.offset = offset;
    desc.size = size;
    CUdeviceptr address = 0;
    OPENNVSCI_TRY(check(driver, nvsciCuExternalMemoryGetMappedBuffer(&address, memory.get(), &desc),
                        "nvsciCuExternalMemoryGetMappedBuffer"));
    return MappedBuffer(driver, address, size);
}

MappedBuffer::~MappedBuffer() {
    if (address_ != 0) nvsciCuMemFree(address_);
}

Result<> MappedBuffer::free() {
    return check(driver_, nvsciCuMemFree(std::exchange(address_, 0)), "nvsciCuMemFree");
}

}  // namespace opennvsci::tool
