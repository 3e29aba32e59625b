// SPDX-License-Identifier: Apache-2.0
//
// The handles of the public interfaces: which tables they live in and what stands behind each.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>

#include "api/decisions.h"
#include "attr/list.h"
#include "base/handle_table.h"
#include "base/result.h"
#include "buf/module.h"
#include "buf/object.h"
#include "cuda/external_memory.h"

namespace opennvsci::api {

/// Behind an NvSciBufAttrList.
struct ListEntry {
    std::shared_ptr<buf::Module> module;
    std::shared_ptr<attr::List> list;
    bool is_borrowed;  // the list of an object: freeing the handle is ignored, the object ends it
    DecisionTexts decisions;
};

/// Behind an NvSciBufObj.
class ObjectEntry {
  public:
    explicit ObjectEntry(std::shared_ptr<buf::Object> object) : object_(std::move(object)) {}
    // Moved only before the handle is known to anybody.
    ObjectEntry(ObjectEntry&& other) noexcept : object_(std::move(other.object_)) {}
    ~ObjectEntry();

    [[nodiscard]] const std::shared_ptr<buf::Object>& object() const noexcept { return object_; }
    /// The borrowed handle of the object's list, made on the first call.
    [[nodiscard]] Result<std::uint64_t> list_handle();

  private:
    std::shared_ptr<buf::Object> object_;
    std::atomic<std::uint64_t> list_handle_{0};
};

using ModuleTable = HandleTable<std::shared_ptr<buf::Module>>;
using ListTable = HandleTable<std::unique_ptr<ListEntry>>;
using ObjectTable = HandleTable<ObjectEntry>;
using ExternalMemoryTable = HandleTable<cuda::ExternalMemory>;

[[nodiscard]] ModuleTable& modules();
[[nodiscard]] ListTable& lists();
[[nodiscard]] ObjectTable& objects();
[[nodiscard]] ExternalMemoryTable& external_memories();

/// A handle as the number that the tables know.
template <class Handle>
[[nodiscard]] std::uint64_t number(Handle handle) noexcept {
    return reinterpret_cast<std::uint64_t>(handle);
}

/// Holds what is behind a handle for the time of a call. Errors: BadParameter for NULL, freed, foreign or garbage
/// handles; `what` names the argument.
template <class Table, class Handle>
[[nodiscard]] Result<typename Table::Ref> acquire(Table& table, Handle handle, std::string_view what) {
    auto ref = table.acquire(number(handle));
    if (ref) return ref;
    std::string text(what);
    text += handle == nullptr ? " is NULL" : " is not a live handle";
    return fail(NvSciError_BadParameter, std::move(text), cu::CUDA_ERROR_INVALID_HANDLE);
}

/// Gives `value` a handle and stores it. Errors: InvalidState if no more handles can be given.
template <class Table, class Value, class Handle>
[[nodiscard]] Result<> give_handle(Table& table, Value value, Handle* out) {
    const std::uint64_t handle = table.insert(std::move(value));
    if (handle == 0) return fail(NvSciError_InvalidState, "too many live handles of this kind");
    *out = reinterpret_cast<Handle>(handle);
    return {};
}

/// Gives a list that the caller will own a handle.
[[nodiscard]] Result<> give_list_handle(std::shared_ptr<buf::Module> module, std::unique_ptr<attr::List> list,
                                        NvSciBufAttrList* out);

}  // namespace opennvsci::api
