// SPDX-License-Identifier: Apache-2.0
#include "api/handles.h"

#include <fmt/format.h>

#include <type_traits>

#include "base/address.h"

namespace opennvsci::api {
namespace {

// Never destroyed (base/handle_table.h).
static_assert(std::is_trivially_destructible_v<ModuleTable>);

constinit ModuleTable g_modules(HandleKind::module);
constinit ListTable g_lists(HandleKind::attribute_list);
constinit ObjectTable g_objects(HandleKind::buffer_object);
constinit TensorTable g_tensors(HandleKind::tensor);
constinit ExternalMemoryTable g_external_memories(HandleKind::external_memory);
constinit ModuleTable g_sync_modules(HandleKind::sync_module);
constinit ListTable g_sync_lists(HandleKind::sync_attribute_list);
constinit SyncObjectTable g_sync_objects(HandleKind::sync_object);
constinit WaitContextTable g_cpu_wait_contexts(HandleKind::cpu_wait_context);
constinit ExternalSemaphoreTable g_external_semaphores(HandleKind::external_semaphore);
constinit SemaphorePoolTable g_semaphore_pools(HandleKind::semaphore_pool);
constinit EndpointTable g_endpoints(HandleKind::ipc_endpoint);

struct KindRow {
    HandleKind kind;
    std::string_view name;
    bool (*is_alive)(std::uint64_t handle);
    void (*guard_across_fork)();
};

template <auto& kTable>
bool is_alive(std::uint64_t handle) {
    return static_cast<bool>(kTable.acquire(handle));
}

template <auto& kTable>
void guard_across_fork() {
    kTable.guard_across_fork();
}

template <auto& kTable>
constexpr KindRow row(HandleKind kind, std::string_view name) {
    return {kind, name, is_alive<kTable>, guard_across_fork<kTable>};
}

constexpr KindRow kKinds[] = {
    row<g_modules>(HandleKind::module, "a module (NvSciBufModule)"),
    row<g_lists>(HandleKind::attribute_list, "an attribute list (NvSciBufAttrList)"),
    row<g_objects>(HandleKind::buffer_object, "a buffer object (NvSciBufObj)"),
    row<g_tensors>(HandleKind::tensor, "a tensor (DLPack)"),
    row<g_external_memories>(HandleKind::external_memory, "an external memory (CUexternalMemory)"),
    row<g_sync_modules>(HandleKind::sync_module, "a module (NvSciSyncModule)"),
    row<g_sync_lists>(HandleKind::sync_attribute_list, "an attribute list (NvSciSyncAttrList)"),
    row<g_sync_objects>(HandleKind::sync_object, "a synchronization object (NvSciSyncObj)"),
    row<g_cpu_wait_contexts>(HandleKind::cpu_wait_context, "a CPU wait context (NvSciSyncCpuWaitContext)"),
    row<g_external_semaphores>(HandleKind::external_semaphore, "an external semaphore (CUexternalSemaphore)"),
    row<g_semaphore_pools>(HandleKind::semaphore_pool, "a semaphore pool (VkSemaphoreSciSyncPoolNV)"),
    row<g_endpoints>(HandleKind::ipc_endpoint, "an endpoint (NvSciIpcEndpoint)"),
};

[[gnu::constructor]] void guard_tables_across_fork() {
    for (const KindRow& kind : kKinds)
        kind.guard_across_fork();
}

const KindRow* row_of(std::uint64_t handle) {
    for (const KindRow& row : kKinds) {
        if (is_handle_of(row.kind, handle)) return &row;
    }
    return nullptr;
}

std::string name_of(HandleKind kind) {
    for (const KindRow& row : kKinds) {
        if (row.kind == kind) return std::string(row.name);
    }
    return "a handle";
}

}  // namespace

tl::unexpected<Error> not_alive(HandleKind needed, std::uint64_t handle, std::string_view what) {
    const auto refuse = [&](std::string found, std::string_view pattern) {
        return fail_unmet(NvSciError_BadParameter, {std::string(what), std::move(found), name_of(needed)}, pattern,
                          cu::CUDA_ERROR_INVALID_HANDLE);
    };
    if (handle == 0) return refuse("NULL", "{what} is {found}");
    if (const KindRow* const row = row_of(handle)) {
        const std::string name(row->name);
        // Its own table knows it, so it was given where another kind belongs.
        if (row->is_alive(handle)) return refuse(name, "{what} is {found}, and must be {needed}");
        return refuse(name + " that was freed, or never was", "{what} is not a live handle: {found}");
    }
    const std::string number = fmt::format("{:#x}", handle);
    if (!looks_like_address(handle)) return refuse(number, "{what} is not a live handle");
    return refuse(
        number, "{what} is not a live handle: {found} looks like an address; give the handle itself, not its address");
}

ModuleTable& modules() noexcept {
    return g_modules;
}

ListTable& lists() noexcept {
    return g_lists;
}

ObjectTable& objects() noexcept {
    return g_objects;
}

ExternalMemoryTable& external_memories() noexcept {
    return g_external_memories;
}

ModuleTable& sync_modules() noexcept {
    return g_sync_modules;
}

ListTable& sync_lists() noexcept {
    return g_sync_lists;
}

TensorTable& tensors() noexcept {
    return g_tensors;
}

SyncObjectTable& sync_objects() noexcept {
    return g_sync_objects;
}

WaitContextTable& cpu_wait_contexts() noexcept {
    return g_cpu_wait_contexts;
}

ExternalSemaphoreTable& external_semaphores() noexcept {
    return g_external_semaphores;
}

SemaphorePoolTable& semaphore_pools() noexcept {
    return g_semaphore_pools;
}

EndpointTable& endpoints() noexcept {
    return g_endpoints;
}

}  // namespace opennvsci::api
