// SPDX-License-Identifier: Apache-2.0
#include "api/handles.h"

#include <type_traits>

namespace opennvsci::api {

tl::unexpected<Error> not_alive(std::uint64_t handle, std::string_view what) {
    return fail(NvSciError_BadParameter, std::string(what) + (handle == 0 ? " is NULL" : " is not a live handle"),
                cu::CUDA_ERROR_INVALID_HANDLE);
}

namespace {

// Never destroyed (base/handle_table.h).
static_assert(std::is_trivially_destructible_v<ModuleTable>);

constinit ModuleTable g_modules(HandleKind::module);
constinit ListTable g_lists(HandleKind::attribute_list);
constinit ObjectTable g_objects(HandleKind::buffer_object);
constinit ExternalMemoryTable g_external_memories(HandleKind::external_memory);
constinit ModuleTable g_sync_modules(HandleKind::sync_module);
constinit ListTable g_sync_lists(HandleKind::sync_attribute_list);
constinit SyncObjectTable g_sync_objects(HandleKind::sync_object);
constinit ModuleTable g_cpu_wait_contexts(HandleKind::cpu_wait_context);
constinit ExternalSemaphoreTable g_external_semaphores(HandleKind::external_semaphore);

[[gnu::constructor]] void guard_tables_across_fork() {
    g_modules.guard_across_fork();
    g_lists.guard_across_fork();
    g_objects.guard_across_fork();
    g_external_memories.guard_across_fork();
    g_sync_modules.guard_across_fork();
    g_sync_lists.guard_across_fork();
    g_sync_objects.guard_across_fork();
    g_cpu_wait_contexts.guard_across_fork();
    g_external_semaphores.guard_across_fork();
}

}  // namespace

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

SyncObjectTable& sync_objects() noexcept {
    return g_sync_objects;
}

ModuleTable& cpu_wait_contexts() noexcept {
    return g_cpu_wait_contexts;
}

ExternalSemaphoreTable& external_semaphores() noexcept {
    return g_external_semaphores;
}

}  // namespace opennvsci::api
