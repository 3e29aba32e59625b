// SPDX-License-Identifier: Apache-2.0
//
// SyncHandles: the wait contexts and objects of the NvSciSync fuzz target, and what counting says of the objects.
#pragma once

#include <optional>

#include "sync_lists.h"

namespace opennvsci::fuzz {

struct KnownContext {
    NvSciSyncCpuWaitContext handle;
    bool alive;
    std::size_t module;
};

/// What all handles of one object share, and what counting says of it.
struct KnownTimeline {
    std::size_t module;
    bool has_cpu;
    bool has_timestamps;
    std::uint64_t greatest_value;
    std::size_t handles = 1;
    std::uint64_t handed_out = 0;
    std::uint64_t reached = 0;
    std::optional<bool> cpu_signals;  // told by the first call that signals or generates
};

struct KnownObject {
    NvSciSyncObj handle;
    bool alive;
    std::size_t timeline;
    NvSciSyncAttrList list = nullptr;  // once it was asked for
};

class SyncHandles : protected SyncLists {
  protected:
    using SyncLists::SyncLists;

    void create_context() {
        if (contexts_.size() >= kMostHandles) return;
        const std::size_t module = pick(modules_);
        auto context = untouched<NvSciSyncCpuWaitContext>();
        const NvSciError error = NvSciSyncCpuWaitContextAlloc(modules_[module].handle, &context);
        REQUIRE(error == (modules_[module].alive ? kSuccess : kBadParameter));
        REQUIRE((context == untouched<NvSciSyncCpuWaitContext>()) == !modules_[module].alive);
        if (modules_[module].alive) contexts_.push_back({context, true, module});
    }

    void free_context() {
        KnownContext& context = contexts_[pick(contexts_)];
        if (!context.alive) return;
        NvSciSyncCpuWaitContextFree(context.handle);
        context.alive = false;
    }

    void add_object(NvSciSyncObj object, std::size_t module) {
        NvSciSyncAttrList list = nullptr;
        REQUIRE(NvSciSyncObjGetAttrList(object, &list) == kSuccess);
        objects_.push_back({object, true, timelines_.size(), list});
        timelines_.push_back({.module = module,
                              .has_cpu = value_of<bool>(list, NvSciSyncAttrKey_NeedCpuAccess),
                              .has_timestamps = value_of<bool>(list, NvSciSyncAttrKey_WaiterRequireTimestamps),
                              .greatest_value = value_of<std::uint64_t>(list, NvSciSyncAttrKey_MaxPrimitiveValue)});
    }

    void allocate() {
        if (lists_.empty() || objects_.size() >= kMostHandles) return;
        const auto list = lists_[pick(lists_)];
        auto object = untouched<NvSciSyncObj>();
        const NvSciError error = NvSciSyncObjAlloc(list.handle, &object);
        const bool is_legal = list.alive && list.reconciled;
        REQUIRE(error == (is_legal ? kSuccess : kBadParameter));
        REQUIRE((object == untouched<NvSciSyncObj>()) == !is_legal);
        if (is_legal) add_object(object, list.module);
    }

    void reconcile_and_allocate() {
        if (lists_.size() + 2 >= kMostHandles || objects_.size() >= kMostHandles) return;
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        auto object = untouched<NvSciSyncObj>();
        auto conflict = untouched<NvSciSyncAttrList>();
        const NvSciError error =
            NvSciSyncAttrListReconcileAndObjAlloc(inputs.data(), inputs.size(), &object, &conflict);
        check_refusal(chosen, error, conflict);
        REQUIRE((error == kSuccess) == (object != nullptr));
        if (object != nullptr) add_object(object, lists_[chosen[0]].module);
    }

    // An object that one CPU signals and waits for, without the detours, or fences would seldom have one.
    void allocate_for_cpu() {
        if (objects_.size() >= kMostHandles) return;
        const std::size_t module = pick(modules_);
        if (!modules_[module].alive) return;
        NvSciSyncAttrList list = nullptr;
        REQUIRE(NvSciSyncAttrListCreate(modules_[module].handle, &list) == kSuccess);
        const NvSciSyncAccessPerm permission = NvSciSyncAccessPerm_WaitSignal;
        const bool has_cpu = true;
        const bool timestamps = in_.ConsumeBool();
        const auto primitive = in_.ConsumeBool() ? NvSciSyncAttrValPrimitiveType_SysmemSemaphore
                                                 : NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b;
        const NvSciSyncAttrKeyValuePair pairs[] = {
            {NvSciSyncAttrKey_RequiredPerm, &permission, sizeof(permission)},
            {NvSciSyncAttrKey_NeedCpuAccess, &has_cpu, sizeof(has_cpu)},
            {NvSciSyncAttrKey_WaiterRequireTimestamps, &timestamps, sizeof(timestamps)},
            {NvSciSyncAttrKey_PrimitiveInfo, &primitive, sizeof(primitive)}};
        REQUIRE(NvSciSyncAttrListSetAttrs(list, pairs, std::size(pairs)) == kSuccess);
        NvSciSyncObj object = nullptr;
        NvSciSyncAttrList conflict = nullptr;
        REQUIRE(NvSciSyncAttrListReconcileAndObjAlloc(&list, 1, &object, &conflict) == kSuccess);
        NvSciSyncAttrListFree(list);
        add_object(object, module);
        timelines_.back().cpu_signals = true;
    }

    void duplicate() {
        if (objects_.empty() || objects_.size() >= kMostHandles) return;
        const KnownObject object = objects_[pick(objects_)];
        auto copy = untouched<NvSciSyncObj>();
        const NvSciError error = NvSciSyncObjDup(object.handle, &copy);
        REQUIRE(error == (object.alive ? kSuccess : kBadParameter));
        REQUIRE((copy == untouched<NvSciSyncObj>()) == !object.alive);
        if (!object.alive) return;
        ++timelines_[object.timeline].handles;
        objects_.push_back({copy, true, object.timeline});
    }

    void read_object() {
        if (objects_.empty()) return;
        const std::size_t index = pick(objects_);
        const KnownObject& object = objects_[index];
        auto list = untouched<NvSciSyncAttrList>();
        REQUIRE((NvSciSyncObjGetAttrList(object.handle, &list) == kSuccess) == object.alive);
        REQUIRE((list == untouched<NvSciSyncAttrList>()) == !object.alive);
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        const NvSciError attached = NvSciSyncObjAttachPeer(object.handle, inputs.data(), inputs.size());
        if (attached != kSuccess) REQUIRE(attached == kBadParameter);
        if (attached == kSuccess) REQUIRE(object.alive && lists_.can_be_combined(chosen));
        if (!object.alive) return;
        REQUIRE(value_of<NvSciSyncAccessPerm>(list, NvSciSyncAttrKey_ActualPerm) == NvSciSyncAccessPerm_WaitSignal);
        lists_.add_borrowed(list, index, timelines_[object.timeline].module);
    }

    void free_any_object() {
        if (!objects_.empty()) free_object(pick(objects_));
    }
    void free_object(std::size_t index) {
        if (!objects_[index].alive) return;
        NvSciSyncObjFree(objects_[index].handle);
        objects_[index].alive = false;
        --timelines_[objects_[index].timeline].handles;
        lists_.end_borrowed(index);
    }

    std::vector<KnownContext> contexts_;
    std::vector<KnownObject> objects_;
    std::vector<KnownTimeline> timelines_;
};

}  // namespace opennvsci::fuzz
