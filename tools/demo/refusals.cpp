// SPDX-License-Identifier: Apache-2.0
#include "demo/refusals.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "opennvsci.h"

namespace opennvsci::tool {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

Result<std::vector<std::uint8_t>> bytes_of(const Driver& driver, const MappedBuffer& mapping) {
    std::vector<std::uint8_t> bytes(mapping.size());
    OPENNVSCI_TRY(
        check(driver, driver.call.cuMemcpyDtoH(bytes.data(), mapping.address(), bytes.size()), "cuMemcpyDtoH"));
    return bytes;
}

}  // namespace

Result<std::vector<std::string>> expect_gpu_writes_refused(const Driver& driver, const MappedBuffer& mapping) {
    OPENNVSCI_TRY_ASSIGN(before, bytes_of(driver, mapping));
    std::vector<std::uint8_t> other = before;
    for (std::uint8_t& byte : other)
        byte = static_cast<std::uint8_t>(~byte);

    struct Attempt {
        const char* call;
        CUresult code;
    };
    const std::array attempts{
        Attempt{"cuMemcpyHtoD", driver.call.cuMemcpyHtoD(mapping.address(), other.data(), other.size())},
        Attempt{"cuMemsetD8", driver.call.cuMemsetD8(mapping.address(), other[0], mapping.size())},
    };
    std::vector<std::string> lines;
    for (const Attempt& attempt : attempts) {
        if (attempt.code == CUDA_SUCCESS) {
            return fail(
                fmt::format("{} into a read-only mapping was accepted by {}", attempt.call, driver.description.path));
        }
        lines.push_back(fmt::format("{} into the read-only mapping: {}", attempt.call, name_of(driver, attempt.code)));
    }
    OPENNVSCI_TRY(check(driver, driver.call.cuCtxSynchronize(), "cuCtxSynchronize after the refused writes"));
    OPENNVSCI_TRY_ASSIGN(after, bytes_of(driver, mapping));
    if (after != before) {
        return fail("a write into a read-only mapping was refused, but changed bytes");
    }
    return lines;
}

Result<std::string> expect_cpu_pointer_refused(const Object& read_only) {
    void* pointer = nullptr;
    if (NvSciBufObjGetCpuPtr(read_only.get(), &pointer) == NvSciError_Success) {
        return fail("NvSciBufObjGetCpuPtr gave a pointer for writing to a read-only object");
    }
    return std::string(opennvsciGetLastErrorText());
}

}  // namespace opennvsci::tool
