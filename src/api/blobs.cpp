// SPDX-License-Identifier: Apache-2.0
#include "api/blobs.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <unordered_map>

#include "api/lists.h"
#include "base/process.h"

namespace opennvsci::api {
namespace {

struct Known {
    std::mutex mutex;
    std::unordered_map<void*, BlobKind> blobs;
};

// Never destroyed: programs free blobs from static destructors. A forked child has copies of its parent's blobs, and
// frees them as its own.
Known& known() {
    static Known& all = *new Known;
    return all;
}

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] void make_known() {
    process::guard_across_fork(known().mutex);
}

}  // namespace

Result<> give_blob(BlobKind kind, std::span<const std::byte> bytes, void** blob, size_t* size) {
    const auto end = [](void* memory) { std::free(memory); };
    std::unique_ptr<void, decltype(end)> copy(std::malloc(bytes.size()), end);
    if (copy == nullptr) throw std::bad_alloc();
    std::memcpy(copy.get(), bytes.data(), bytes.size());
    {
        const std::lock_guard lock(known().mutex);
        known().blobs.emplace(copy.get(), kind);
    }
    *blob = copy.release();
    *size = bytes.size();
    return {};
}

void free_blob(const char* function, BlobKind kind, void* blob) noexcept {
    if (blob == nullptr) return;
    void_call(function, [&]() -> Result<> {
        const std::lock_guard lock(known().mutex);
        const auto found = known().blobs.find(blob);
        if (found == known().blobs.end()) {
            return fail(NvSciError_BadParameter, "the argument is no blob that an export function made, or was freed");
        }
        if (found->second != kind) {
            return fail(NvSciError_BadParameter, "the blob was made by another export function: free it with its own");
        }
        known().blobs.erase(found);
        std::free(blob);
        return {};
    });
}

}  // namespace opennvsci::api
