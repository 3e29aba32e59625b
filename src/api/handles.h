// SPDX-License-Identifier: Apache-2.0
//
// The handles of the public interfaces: which tables they live in and what stands behind each.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>

#include "api/call.h"
#include "api/layout_view.h"
#include "api/report_view.h"
#include "attr/list.h"
#include "attr/module.h"
#include "base/handle_table.h"
#include "base/result.h"
#include "base/since.h"
#include "buf/object.h"
#include "cuda/external_memory.h"
#include "cuda/external_semaphore.h"
#include "cuda/object_mappings.h"
#include "driver/kept_contexts.h"
#include "ipc/endpoint.h"
#include "sync/object.h"
#include "vulkan/semaphore_pool.h"

namespace opennvsci::api {

/// A module of either library. It ends with its last handle and with all that belongs to it.
struct OpenModule : attr::Module {
    driver::LibraryUse use;
    Since since;
};

/// Behind an NvSciSyncCpuWaitContext: the module whose fences it may wait for.
struct WaitContext {
    std::shared_ptr<attr::Module> module;
    Since since{};
};

/// Behind an attribute list of either library.
struct ListEntry {
    std::shared_ptr<attr::Module> module;
    std::shared_ptr<attr::List> list;
    bool is_borrowed;   // the list of an object: freeing the handle is ignored, the object ends it
    ReportView report;  // of a list that came from a reconciliation
    LayoutView layout;  // of a reconciled list of NvSciBuf
    Since since;
};

using ModuleTable = HandleTable<std::shared_ptr<attr::Module>>;
using ListTable = HandleTable<std::unique_ptr<ListEntry>>;
using WaitContextTable = HandleTable<WaitContext>;
using ExternalMemoryTable = HandleTable<cuda::ExternalMemory>;
using ExternalSemaphoreTable = HandleTable<cuda::ExternalSemaphore>;
using SemaphorePoolTable = HandleTable<std::unique_ptr<vulkan::SemaphorePool>>;
using EndpointTable = HandleTable<std::shared_ptr<ipc::Endpoint>>;

/// A handle as the number that the tables know.
template <class Handle>
[[nodiscard]] std::uint64_t number(Handle handle) noexcept {
    return reinterpret_cast<std::uint64_t>(handle);
}

/// The failure of a handle that the table of its kind does not know; `what` names the argument. The text says what the
/// number is instead, as far as a number can be told: nothing is read through it.
[[nodiscard]] tl::unexpected<Error> not_alive(HandleKind needed, std::uint64_t handle, std::string_view what);

/// Holds what is behind a handle for the time of a call. Errors: BadParameter for NULL, freed, foreign or garbage
/// handles; `what` names the argument.
template <class Table, class Handle>
[[nodiscard]] Result<typename Table::Ref> acquire(Table& table, Handle handle, std::string_view what) {
    auto ref = table.acquire(number(handle));
    if (!ref) return not_alive(table.kind(), number(handle), what);
    return ref;
}

/// Ends the life of a handle, for a public function without an error channel: a handle that is not alive is said, NULL
/// is ignored.
template <class Table, class Handle>
void free_handle(std::string_view function, Table& table, Handle handle) noexcept {
    if (number(handle) == 0) return;
    void_call(function, [&]() -> Result<> {
        trace::when_on([&] { trace::note_address("handle", number(handle)); });
        if (table.close(number(handle))) return {};
        return not_alive(table.kind(), number(handle), "the argument");
    });
}

/// Gives `value` a handle and stores it. Errors: InvalidState if no more handles can be given.
template <class Table, class Value, class Handle>
[[nodiscard]] Result<> give_handle(Table& table, Value value, Handle* out) {
    const std::uint64_t handle = table.insert(std::move(value));
    if (handle == 0) return fail(NvSciError_InvalidState, "too many live handles of this kind");
    trace::when_on([&] { trace::note_address("handle", handle); });
    *out = reinterpret_cast<Handle>(handle);
    return {};
}

/// Gives a list that the caller will own a handle.
template <class Handle>
[[nodiscard]] Result<> give_list_handle(ListTable& table, std::shared_ptr<attr::Module> module,
                                        std::unique_ptr<attr::List> list, Handle* out) {
    auto entry = std::make_unique<ListEntry>();
    entry->module = std::move(module);
    entry->list = std::move(list);
    entry->is_borrowed = false;
    return give_handle(table, std::move(entry), out);
}

/// Behind an object of either library: an Object of its floor, and the borrowed handle of the object's list, which
/// lives in kLists() and ends with this entry.
template <class Kind, ListTable& (*kLists)() noexcept>
class BasicObjectEntry {
  public:
    using Object = Kind;

    explicit BasicObjectEntry(std::shared_ptr<Kind> object) : object_(std::move(object)) {}
    // Moved only before the handle is known to anybody.
    BasicObjectEntry(BasicObjectEntry&& other) noexcept : object_(std::move(other.object_)), since_(other.since_) {}
    ~BasicObjectEntry() {
        if (const std::uint64_t handle = list_handle_.load(); handle != 0) kLists().close(handle);
    }

    [[nodiscard]] const std::shared_ptr<Kind>& object() const noexcept { return object_; }
    [[nodiscard]] const Since& since() const noexcept { return since_; }

    /// The borrowed handle of the object's list, made on the first call.
    [[nodiscard]] Result<std::uint64_t> list_handle() {
        if (const std::uint64_t known = list_handle_.load(std::memory_order_acquire); known != 0) return known;
        auto entry = std::make_unique<ListEntry>();
        entry->module = object_->module();
        entry->list = object_->list();
        entry->is_borrowed = true;
        void* made = nullptr;
        OPENNVSCI_TRY(give_handle(kLists(), std::move(entry), &made));
        std::uint64_t known = 0;
        if (list_handle_.compare_exchange_strong(known, number(made))) return number(made);
        kLists().close(number(made));  // another thread was first
        return known;
    }

  private:
    std::shared_ptr<Kind> object_;
    const Since since_;  // the handle, not the object
    std::atomic<std::uint64_t> list_handle_{0};
};

[[nodiscard]] ModuleTable& modules() noexcept;
[[nodiscard]] ListTable& lists() noexcept;

/// Behind an NvSciBufObj: it may have pointers of devices too.
struct ObjectEntry : BasicObjectEntry<buf::Object, lists> {
    explicit ObjectEntry(std::shared_ptr<buf::Object> made)
        : BasicObjectEntry(std::move(made)), mappings(std::make_shared<cuda::ObjectMappings>(object())) {}
    std::shared_ptr<cuda::ObjectMappings> mappings;  // tensors that were made of the object hold them too
};
using ObjectTable = HandleTable<ObjectEntry>;
[[nodiscard]] ObjectTable& objects() noexcept;

/// What a tensor of DLPack keeps alive. It has a number, which nobody is told, so that it can be looked at.
struct TensorEntry {
    std::shared_ptr<cuda::ObjectMappings> memory;
    Since since{};
};
using TensorTable = HandleTable<TensorEntry>;
[[nodiscard]] TensorTable& tensors() noexcept;

[[nodiscard]] ExternalMemoryTable& external_memories() noexcept;

[[nodiscard]] ModuleTable& sync_modules() noexcept;
[[nodiscard]] ListTable& sync_lists() noexcept;
using SyncObjectEntry = BasicObjectEntry<sync::Object, sync_lists>;
using SyncObjectTable = HandleTable<SyncObjectEntry>;
[[nodiscard]] SyncObjectTable& sync_objects() noexcept;
[[nodiscard]] WaitContextTable& cpu_wait_contexts() noexcept;
[[nodiscard]] ExternalSemaphoreTable& external_semaphores() noexcept;
/// Behind a VkSemaphoreSciSyncPoolNV.
[[nodiscard]] SemaphorePoolTable& semaphore_pools() noexcept;
/// Behind an NvSciIpcEndpoint.
[[nodiscard]] EndpointTable& endpoints() noexcept;

}  // namespace opennvsci::api
