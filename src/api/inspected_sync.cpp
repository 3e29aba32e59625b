// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>

#include "api/handles.h"
#include "api/inspected_holders.h"
#include "api/inspection_document.h"
#include "sync/keys.h"

namespace opennvsci::api {
namespace {

using sync::Signaler;
using sync::Timeline;

// The counter is copied when the object is met; what only CUDA knows of it is not asked.
struct SyncFacts {
    const attr::Module* module;
    std::shared_ptr<attr::List> list;
    const char* signaler;
    std::uint64_t reached;
    std::uint64_t greatest_fence;
    std::uint64_t first_lost;
    std::uint32_t sleepers;
    Since since;
};
using SyncObjects = HeldObjects<SyncFacts>;

const char* signaler_of(const Timeline& timeline) noexcept {
    if (timeline.description().is_signaled_elsewhere) return "peer";
    if (timeline.description().vulkan_signals) return "vulkan";
    switch (timeline.signaler()) {
        case Signaler::Kind::cpu:
            return "cpu";
        case Signaler::Kind::streams:
            return "streams";
        case Signaler::Kind::undecided:
            break;
    }
    return "undecided";
}

SyncObjects::Entry* entry_of(SyncObjects& objects, const sync::Object& object) {
    return objects.of(&object, [&]() -> SyncFacts {
        const Timeline& timeline = object.timeline();
        return {object.module().get(),         object.list(),
                signaler_of(timeline),         timeline.counter().reached(),
                timeline.greatest_fence(),     timeline.counter().first_lost(),
                timeline.counter().sleepers(), object.since()};
    });
}

std::size_t find_holders(SyncObjects& objects) {
    std::size_t handles = 0;
    sync_objects().for_each_own([&](std::uint64_t number, const SyncObjectEntry& entry) {
        ++handles;
        if (auto* const found = entry_of(objects, *entry.object())) add_holder(found->handles, number, entry.since());
    });
    external_semaphores().for_each_own([&](std::uint64_t number, const cuda::ExternalSemaphore& semaphore) {
        if (auto* const found = entry_of(objects, semaphore.object()))
            add_holder(found->imports, number, semaphore.since());
    });
    semaphore_pools().for_each_own([&](std::uint64_t number, const std::unique_ptr<vulkan::SemaphorePool>& pool) {
        if (auto* const found = entry_of(objects, pool->object())) add_holder(found->of_vulkan, number, pool->since());
    });
    objects.add_transfers();
    return handles;
}

void write_sync_object(InspectionWriter& out, const SyncObjects& objects, const SyncObjects::Entry& entry) {
    const SyncFacts& facts = entry.facts;
    const attr::Slot& slot = facts.list->reconciled();
    write_object_number(out, objects.number_of(entry.object));
    out.elements("permission", slot, NvSciSyncAttrKey_ActualPerm);
    out.elements("primitive", slot, NvSciSyncAttrKey_PrimitiveInfo);
    out.text("signaler", facts.signaler);
    out.number("reached", facts.reached);
    out.number("greatest_fence", facts.greatest_fence);
    facts.first_lost != 0 ? out.number("first_lost", facts.first_lost) : out.null("first_lost");
    out.number("sleepers", facts.sleepers);
    out.module(facts.module);
    write_holders(out, "handles", entry.handles, "handle");
    write_holders(out, "imports", entry.imports, "handle");
    write_holders(out, "semaphore_pools", entry.of_vulkan, "handle");
    write_transfers(out, entry.transfers);
    write_reconciled(out, *facts.list);
    out.since(facts.since);
}

void write_external_semaphores(InspectionWriter& out, const SyncObjects& objects) {
    out.kind_of_table("external_semaphores", external_semaphores(),
                      [&](std::uint64_t, const cuda::ExternalSemaphore& semaphore) {
                          write_object_number(out, objects.number_of(&semaphore.object()));
                          out.since(semaphore.since());
                      });
}

void write_semaphore_pools(InspectionWriter& out, const SyncObjects& objects) {
    out.kind_of_table("semaphore_pools", semaphore_pools(),
                      [&](std::uint64_t, const std::unique_ptr<vulkan::SemaphorePool>& pool) {
                          write_object_number(out, objects.number_of(&pool->object()));
                          write_device(out, pool->device().physical());
                          out.since(pool->since());
                      });
}

void write_wait_contexts(InspectionWriter& out) {
    out.kind_of_table("wait_contexts", cpu_wait_contexts(), [&](std::uint64_t, const WaitContext& context) {
        out.module(context.module.get());
        out.since(context.since);
    });
}

}  // namespace

void write_sync_objects(InspectionWriter& out) {
    SyncObjects objects;
    const std::size_t handles = find_holders(objects);
    out.kind("sync_objects", "handles", [&] {
        for (const SyncObjects::Entry& entry : objects.entries())
            out.entry([&] { write_sync_object(out, objects, entry); });
        return handles;
    });
    write_external_semaphores(out, objects);
    write_semaphore_pools(out, objects);
    write_wait_contexts(out);
}

}  // namespace opennvsci::api
