// SPDX-License-Identifier: Apache-2.0
//
// A byte stream becomes a sequence of NvSciSync calls on one thread: modules, wait contexts, lists, objects and fences
// are made, set, combined, signaled, waited for and freed in any order, with live, freed and garbage handles, with
// fences that hold garbage, and never blocking. The sanitizers watch the memory; this file aborts when the documented
// behaviour does not hold:
//   - a call with a handle that is not alive gives NvSciError_BadParameter, and freeing it does nothing;
//   - a failed call leaves its outputs, the list and the fence alone, and its code is one of its documented ones;
//   - a reconciled list satisfies the lists it was made of, but for timestamps it denied, and reconciling them again
//     gives the same;
//   - a fence that the library wrote expires with the signal that counting says, and whatever a fence holds, waiting
//     does not change it.
#include <array>
#include <memory>
#include <optional>

#include "sync_lists.h"

namespace opennvsci::fuzz {
namespace {

constexpr std::size_t kFences = 8;
constexpr std::uint32_t kSlots = 1024;

// Programs may pass any number as the mode.
__attribute__((no_sanitize("undefined"))) NvSciError wait_with_mode(const NvSciSyncFence* fence,
                                                                    NvSciSyncCpuWaitContext context,
                                                                    std::int64_t timeout_us, std::uint32_t number) {
    NvSciSyncWaitMode mode{};
    std::memcpy(&mode, &number, sizeof(number));
    return NvSciSyncFenceWaitWithMode(fence, context, timeout_us, mode);
}

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

struct KnownFence {
    enum class State { cleared, set, garbage };
    // In heap memory of its exact size.
    std::unique_ptr<NvSciSyncFence> storage = std::make_unique<NvSciSyncFence>();
    State state = State::cleared;
    std::size_t timeline = 0;
    std::uint64_t value = 0;

    [[nodiscard]] bool is_set() const { return state == State::set; }
    [[nodiscard]] bool is_cleared() const { return state == State::cleared; }
    [[nodiscard]] bool holds(const NvSciSyncFence& bytes) const {
        return std::memcmp(storage.get(), &bytes, sizeof(bytes)) == 0;
    }
    void copy_meaning(const KnownFence& other) {
        state = other.state;
        timeline = other.timeline;
        value = other.value;
    }
    void set(std::size_t new_timeline, std::uint64_t new_value) {
        state = State::set;
        timeline = new_timeline;
        value = new_value;
    }
};

class Machine : private SyncLists {
  public:
    Machine(const std::uint8_t* data, std::size_t size) : SyncLists(data, size) {
        open_module();
        create_context();
    }

    void run() {
        while (in_.remaining_bytes() > 0)
            step();
        look_at_fences();
        for (std::size_t i = 0; i < lists_.size(); ++i)
            if (!lists_[i].borrowed) free_list(i);
        for (std::size_t i = 0; i < objects_.size(); ++i)
            free_object(i);
        look_at_fences();
        for (auto& context : contexts_)
            if (context.alive) NvSciSyncCpuWaitContextFree(context.handle);
        for (auto& module : modules_)
            if (module.alive) NvSciSyncModuleClose(module.handle);
    }

  private:
    void step() {
        switch (in_.ConsumeIntegralInRange(0, 43)) {
            case 0:
                return open_module();
            case 1:
                return close_module();
            case 2:
                return create_context();
            case 3:
                return free_context();
            case 4:
            case 5:
            case 6:
                return create_list();
            case 7:
            case 8:
            case 9:
                return set();
            case 10:
                return get();
            case 11:
                return fill_chip_to_chip();
            case 12:
                return clone();
            case 13:
                return append();
            case 14:
            case 15:
                return reconcile();
            case 16:
                return validate();
            case 17:
            case 18:
                return allocate();
            case 19:
                return reconcile_and_allocate();
            case 20:
                return duplicate();
            case 21:
                return read_object();
            case 22:
                return describe();
            case 23:
                if (!lists_.empty()) free_list(pick(lists_));
                return;
            case 24:
                if (!objects_.empty()) free_object(pick(objects_));
                return;
            case 25:
            case 26:
                return generate();
            case 27:
            case 28:
                return signal();
            case 29:
                return update();
            case 30:
                return extract();
            case 31:
                return duplicate_fence();
            case 32:
                return clear_or_assign();
            case 33:
                return corrupt();
            case 34:
            case 35:
                return wait();
            case 36:
                return timestamp();
            case 37:
                return slots();
            case 38:
                return null_arguments();
            case 39:
            case 40:
            case 41:
            case 42:
                return allocate_for_cpu();
            default:
                return garbage();
        }
    }

    KnownFence& any_fence() { return fences_[in_.ConsumeIntegralInRange<std::size_t>(0, kFences - 1)]; }

    // Handles

    std::uint64_t garbage_handle() {
        // Around a live handle, or anything.
        const auto bit = std::uint64_t{1} << in_.ConsumeIntegralInRange(0, 63);
        if (in_.ConsumeBool() && !lists_.empty())
            return reinterpret_cast<std::uint64_t>(lists_[pick(lists_)].handle) ^ bit;
        if (in_.ConsumeBool() && !objects_.empty())
            return reinterpret_cast<std::uint64_t>(objects_[pick(objects_)].handle) ^ bit;
        return in_.ConsumeIntegral<std::uint64_t>();
    }

    bool is_live(std::uint64_t handle) const {
        const auto has_list = [&](const KnownObject& object) {
            return object.alive && reinterpret_cast<std::uint64_t>(object.list) == handle;
        };
        return has_live(modules_, handle) || has_live(contexts_, handle) || has_live(lists_, handle) ||
               has_live(objects_, handle) || std::any_of(objects_.begin(), objects_.end(), has_list);
    }

    void garbage() {
        const std::uint64_t number = garbage_handle();
        if (is_live(number)) return;
        const auto module = reinterpret_cast<NvSciSyncModule>(number);
        const auto context = reinterpret_cast<NvSciSyncCpuWaitContext>(number);
        const auto list = reinterpret_cast<NvSciSyncAttrList>(number);
        const auto object = reinterpret_cast<NvSciSyncObj>(number);
        auto new_context = untouched<NvSciSyncCpuWaitContext>();
        auto new_list = untouched<NvSciSyncAttrList>();
        auto new_object = untouched<NvSciSyncObj>();
        const auto yes = bytes_of(true);
        const auto pair = pair_of<Pair>(NvSciSyncAttrKey_NeedCpuAccess, yes.data(), yes.size());
        bool flag = true;
        KnownFence& fence = any_fence();
        const NvSciSyncFence before = *fence.storage;
        REQUIRE(NvSciSyncCpuWaitContextAlloc(module, &new_context) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncAttrListCreate(module, &new_list) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncAttrListSetAttrs(list, &pair, 1) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncAttrListClone(list, &new_list) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncAttrListIsReconciled(list, &flag) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncAttrListGetSlotCount(list) == 0);
        REQUIRE(NvSciSyncFillC2cAttrs(list, NvSciSyncAccessPerm_WaitOnly) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncAttrListAppendUnreconciled(&list, 1, &new_list) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncObjAlloc(list, &new_object) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncObjDup(object, &new_object) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncObjGetAttrList(object, &new_list) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncObjAttachPeer(object, &list, 1) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncObjSignal(object) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncObjGenerateFence(object, fence.storage.get()) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncFenceUpdateFence(object, 0, 0, fence.storage.get()) == NvSciError_BadParameter);
        REQUIRE(NvSciSyncFenceWait(fence.storage.get(), context, 0) == NvSciError_BadParameter);
        REQUIRE(new_context == untouched<NvSciSyncCpuWaitContext>() && new_list == untouched<NvSciSyncAttrList>());
        REQUIRE(new_object == untouched<NvSciSyncObj>() && flag && fence.holds(before));
        if (in_.ConsumeBool()) return;
        NvSciSyncAttrListFree(list);
        NvSciSyncObjFree(object);
        NvSciSyncCpuWaitContextFree(context);
        NvSciSyncModuleClose(module);
    }

    void null_arguments() {
        const NvSciSyncModule module = modules_[pick(modules_)].handle;
        const NvSciSyncAttrList list = lists_.empty() ? nullptr : lists_[pick(lists_)].handle;
        const NvSciSyncObj object = objects_.empty() ? nullptr : objects_[pick(objects_)].handle;
        const NvSciSyncCpuWaitContext context = contexts_[pick(contexts_)].handle;
        NvSciSyncFence* fence = any_fence().storage.get();
        const NvSciSyncFence before = *fence;
        auto made = untouched<NvSciSyncAttrList>();
        std::uint64_t number = 77;
        for (const NvSciError error : {NvSciSyncModuleOpen(nullptr),
                                       NvSciSyncCpuWaitContextAlloc(module, nullptr),
                                       NvSciSyncAttrListCreate(module, nullptr),
                                       NvSciSyncAttrListIsReconciled(list, nullptr),
                                       NvSciSyncAttrListSetAttrs(list, nullptr, 1),
                                       NvSciSyncAttrListGetAttrs(list, nullptr, 1),
                                       NvSciSyncAttrListSlotGetAttrs(list, 0, nullptr, 1),
                                       NvSciSyncAttrListClone(list, nullptr),
                                       NvSciSyncAttrListGetAttr(list, NvSciSyncAttrKey_GpuId, nullptr, nullptr),
                                       NvSciSyncAttrListAppendUnreconciled(&list, 1, nullptr),
                                       NvSciSyncAttrListAppendUnreconciled(nullptr, 1, &made),
                                       NvSciSyncObjAlloc(list, nullptr),
                                       NvSciSyncAttrListValidateReconciled(list, &list, 1, nullptr),
                                       NvSciSyncObjDup(object, nullptr),
                                       NvSciSyncObjGetAttrList(object, nullptr),
                                       NvSciSyncObjAttachPeer(object, nullptr, 1),
                                       NvSciSyncObjGenerateFence(object, nullptr),
                                       NvSciSyncFenceUpdateFence(object, 0, 0, nullptr),
                                       NvSciSyncFenceWait(nullptr, context, 0),
                                       NvSciSyncFenceWait(fence, nullptr, 0),
                                       NvSciSyncFenceDup(nullptr, fence),
                                       NvSciSyncFenceDup(fence, nullptr),
                                       NvSciSyncFenceDup(fence, fence),
                                       NvSciSyncFenceExtractFence(nullptr, &number, &number),
                                       NvSciSyncFenceGetTimestamp(nullptr, &number),
                                       NvSciSyncFenceGetTaskStatus(nullptr, nullptr),
                                       NvSciSyncFenceAddTimestampSlot(nullptr, 0),
                                       NvSciSyncFenceAddTaskStatusSlot(nullptr, 0),
                                       NvSciSyncFenceExtractTimestampSlot(nullptr, nullptr)}) {
            REQUIRE(error == NvSciError_BadParameter);
        }
        auto conflict = untouched<NvSciSyncAttrList>();
        REQUIRE(NvSciSyncAttrListReconcile(&list, 1, nullptr, &conflict) == NvSciError_BadParameter);
        REQUIRE(conflict == nullptr);
        REQUIRE(NvSciSyncAttrListReconcile(&list, 1, &made, nullptr) == NvSciError_BadParameter);
        REQUIRE(made == nullptr && number == 77 && std::memcmp(fence, &before, sizeof(before)) == 0);
        NvSciSyncAttrListFree(nullptr);
        NvSciSyncObjFree(nullptr);
        NvSciSyncFenceClear(nullptr);
    }

    void create_context() {
        if (contexts_.size() >= kMostHandles) return;
        const std::size_t module = pick(modules_);
        auto context = untouched<NvSciSyncCpuWaitContext>();
        const NvSciError error = NvSciSyncCpuWaitContextAlloc(modules_[module].handle, &context);
        REQUIRE(error == (modules_[module].alive ? NvSciError_Success : NvSciError_BadParameter));
        REQUIRE((context == untouched<NvSciSyncCpuWaitContext>()) == !modules_[module].alive);
        if (modules_[module].alive) contexts_.push_back({context, true, module});
    }

    void free_context() {
        KnownContext& context = contexts_[pick(contexts_)];
        if (!context.alive) return;
        NvSciSyncCpuWaitContextFree(context.handle);
        context.alive = false;
    }

    // Objects

    void add_object(NvSciSyncObj object, std::size_t module) {
        NvSciSyncAttrList list = nullptr;
        REQUIRE(NvSciSyncObjGetAttrList(object, &list) == NvSciError_Success);
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
        REQUIRE(error == (is_legal ? NvSciError_Success : NvSciError_BadParameter));
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
        REQUIRE((error == NvSciError_Success) == (object != nullptr));
        if (object != nullptr) add_object(object, lists_[chosen[0]].module);
    }

    // An object that one CPU signals and waits for, without the detours, or fences would seldom have one.
    void allocate_for_cpu() {
        if (objects_.size() >= kMostHandles) return;
        const std::size_t module = pick(modules_);
        if (!modules_[module].alive) return;
        NvSciSyncAttrList list = nullptr;
        REQUIRE(NvSciSyncAttrListCreate(modules_[module].handle, &list) == NvSciError_Success);
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
        REQUIRE(NvSciSyncAttrListSetAttrs(list, pairs, std::size(pairs)) == NvSciError_Success);
        NvSciSyncObj object = nullptr;
        NvSciSyncAttrList conflict = nullptr;
        REQUIRE(NvSciSyncAttrListReconcileAndObjAlloc(&list, 1, &object, &conflict) == NvSciError_Success);
        NvSciSyncAttrListFree(list);
        add_object(object, module);
        timelines_.back().cpu_signals = true;
    }

    void duplicate() {
        if (objects_.empty() || objects_.size() >= kMostHandles) return;
        const KnownObject object = objects_[pick(objects_)];
        auto copy = untouched<NvSciSyncObj>();
        const NvSciError error = NvSciSyncObjDup(object.handle, &copy);
        REQUIRE(error == (object.alive ? NvSciError_Success : NvSciError_BadParameter));
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
        REQUIRE((NvSciSyncObjGetAttrList(object.handle, &list) == NvSciError_Success) == object.alive);
        REQUIRE((list == untouched<NvSciSyncAttrList>()) == !object.alive);
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        const NvSciError attached = NvSciSyncObjAttachPeer(object.handle, inputs.data(), inputs.size());
        if (attached != NvSciError_Success) REQUIRE(attached == NvSciError_BadParameter);
        if (attached == NvSciError_Success) REQUIRE(object.alive && lists_.can_be_combined(chosen));
        if (!object.alive) return;
        REQUIRE(value_of<NvSciSyncAccessPerm>(list, NvSciSyncAttrKey_ActualPerm) == NvSciSyncAccessPerm_WaitSignal);
        lists_.add_borrowed(list, index, timelines_[object.timeline].module);
    }

    void free_object(std::size_t index) {
        if (!objects_[index].alive) return;
        NvSciSyncObjFree(objects_[index].handle);
        objects_[index].alive = false;
        --timelines_[objects_[index].timeline].handles;
        lists_.end_borrowed(index);
    }

    // Fences

    // The code of a call of the signaler, which depends on who signals the object.
    void check_signaler(const KnownObject& object, NvSciError error) {
        REQUIRE(error == NvSciError_Success || error == NvSciError_BadParameter);
        if (!object.alive) {
            REQUIRE(error == NvSciError_BadParameter);
            return;
        }
        KnownTimeline& timeline = timelines_[object.timeline];
        const bool succeeded = error == NvSciError_Success;
        if (!timeline.cpu_signals) timeline.cpu_signals = succeeded;
        REQUIRE(*timeline.cpu_signals == succeeded && (!succeeded || timeline.has_cpu));
    }

    void generate() {
        if (objects_.empty()) return;
        const KnownObject& object = objects_[pick(objects_)];
        KnownFence& fence = any_fence();
        const NvSciSyncFence before = *fence.storage;
        const NvSciError error = NvSciSyncObjGenerateFence(object.handle, fence.storage.get());
        check_signaler(object, error);
        if (error == NvSciError_Success) {
            fence.set(object.timeline, ++timelines_[object.timeline].handed_out);
        } else {
            REQUIRE(fence.holds(before));
        }
    }

    void signal() {
        if (objects_.empty()) return;
        const KnownObject& object = objects_[pick(objects_)];
        const NvSciError error = NvSciSyncObjSignal(object.handle);
        check_signaler(object, error);
        if (error == NvSciError_Success) ++timelines_[object.timeline].reached;
    }

    void update() {
        if (objects_.empty()) return;
        const KnownObject& object = objects_[pick(objects_)];
        const KnownTimeline& timeline = timelines_[object.timeline];
        KnownFence& fence = any_fence();
        const NvSciSyncFence before = *fence.storage;
        const auto id = in_.ConsumeIntegralInRange(0, 7) == 0 ? in_.ConsumeIntegral<std::uint64_t>() : 0;
        const auto value = in_.ConsumeBool() ? in_.ConsumeIntegral<std::uint64_t>()
                                             : in_.ConsumeIntegralInRange<std::uint64_t>(0, timeline.reached + 2);
        const bool is_in_range = id == 0 && value <= timeline.greatest_value &&
                                 (value < timeline.reached || value - timeline.reached < std::uint64_t{1} << 63);
        const NvSciError error = NvSciSyncFenceUpdateFence(object.handle, id, value, fence.storage.get());
        REQUIRE(error == (!object.alive ? NvSciError_BadParameter
                          : is_in_range ? NvSciError_Success
                                        : NvSciError_Overflow));
        if (error == NvSciError_Success) {
            fence.set(object.timeline, value);
        } else {
            REQUIRE(fence.holds(before));
        }
    }

    void extract() {
        const KnownFence& fence = any_fence();
        std::uint64_t id = 77;
        std::uint64_t value = 77;
        const NvSciError error = NvSciSyncFenceExtractFence(fence.storage.get(), &id, &value);
        check_code_for(fence, error, fence.is_set());
        if (error != NvSciError_Success) REQUIRE(id == 77 && value == 77);
        if (fence.is_set()) REQUIRE(id == 0 && value == fence.value);
    }

    // A call that succeeds for a fence that the library wrote if `is_possible`, and for no cleared one.
    static void check_code_for(const KnownFence& fence, NvSciError error, bool is_possible) {
        if (fence.is_cleared()) REQUIRE(error == NvSciError_ClearedFence);
        if (fence.is_set()) REQUIRE(error == (is_possible ? NvSciError_Success : NvSciError_BadParameter));
        REQUIRE(error == NvSciError_Success || error == NvSciError_BadParameter || error == NvSciError_ClearedFence);
    }

    void duplicate_fence() {
        const KnownFence& from = any_fence();
        KnownFence& to = any_fence();
        const NvSciSyncFence before = *to.storage;
        const NvSciError error = NvSciSyncFenceDup(from.storage.get(), to.storage.get());
        if (&from == &to) REQUIRE(error == NvSciError_BadParameter);
        if (&from != &to && from.state != KnownFence::State::garbage) REQUIRE(error == NvSciError_Success);
        if (error == NvSciError_Success) {
            to.copy_meaning(from);
        } else {
            REQUIRE(error == NvSciError_BadParameter && to.holds(before));
        }
    }

    void clear_or_assign() {
        KnownFence& to = any_fence();
        if (in_.ConsumeBool()) {
            const KnownFence& from = any_fence();
            *to.storage = *from.storage;
            return to.copy_meaning(from);
        }
        NvSciSyncFenceClear(to.storage.get());
        to.state = KnownFence::State::cleared;
        REQUIRE(to.holds(NvSciSyncFence{}));
    }

    // Garbage, or what was a fence with one bit turned.
    void corrupt() {
        KnownFence& fence = any_fence();
        if (in_.ConsumeBool()) {
            in_.ConsumeData(fence.storage.get(), sizeof(NvSciSyncFence));
        } else {
            fence.storage->payload[in_.ConsumeIntegralInRange(0, 5)] ^= std::uint64_t{1}
                                                                        << in_.ConsumeIntegralInRange(0, 63);
        }
        fence.state = fence.holds(NvSciSyncFence{}) ? KnownFence::State::cleared : KnownFence::State::garbage;
    }

    // Never blocks: the timeout is 0, or one that no wait may have.
    void wait() {
        const KnownFence& fence = any_fence();
        const KnownContext& context = contexts_[pick(contexts_)];
        const NvSciSyncFence before = *fence.storage;
        std::int64_t timeout = 0;
        if (in_.ConsumeIntegralInRange(0, 3) == 0) {
            timeout = in_.ConsumeIntegral<std::int64_t>();
            if (timeout >= -1 && timeout <= NvSciSyncFenceMaxTimeout) timeout = NvSciSyncFenceMaxTimeout + 1;
        }
        const auto mode = in_.ConsumeIntegralInRange<std::uint32_t>(0, 7);
        const bool uses_mode = in_.ConsumeBool();
        const NvSciError error = uses_mode ? wait_with_mode(fence.storage.get(), context.handle, timeout, mode)
                                           : NvSciSyncFenceWait(fence.storage.get(), context.handle, timeout);
        REQUIRE(error == NvSciError_Success || error == NvSciError_Timeout || error == NvSciError_BadParameter ||
                error == NvSciError_ResourceError || error == NvSciError_UnsupportedConfig);
        REQUIRE(fence.holds(before));
        if (mode != NvSciSyncWaitMode_Blocking) REQUIRE(error != NvSciError_UnsupportedConfig);
        if (error == NvSciError_UnsupportedConfig) return;
        if (uses_mode && mode > NvSciSyncWaitMode_Blocking) {
            REQUIRE(error == NvSciError_BadParameter);
            return;
        }
        if (!context.alive || timeout != 0) REQUIRE(error == NvSciError_BadParameter);
        if (!context.alive || timeout != 0) return;
        check_wait(fence, context, error);
    }

    void look_at_fences() const {
        for (const KnownFence& fence : fences_) {
            for (const KnownContext& context : contexts_) {
                const NvSciError error = NvSciSyncFenceWait(fence.storage.get(), context.handle, 0);
                if (!context.alive) REQUIRE(error == NvSciError_BadParameter);
                if (context.alive) check_wait(fence, context, error);
            }
        }
    }

    void check_wait(const KnownFence& fence, const KnownContext& context, NvSciError error) const {
        if (fence.is_cleared()) REQUIRE(error == NvSciError_Success);
        if (!fence.is_set()) return;
        const KnownTimeline& timeline = timelines_[fence.timeline];
        const bool is_reached = fence.value <= timeline.reached;
        if (timeline.handles == 0) {
            REQUIRE(error == (is_reached ? NvSciError_Success : NvSciError_ResourceError));
        } else if (timeline.module != context.module) {
            REQUIRE(error == NvSciError_BadParameter);
        } else if (!timeline.has_cpu) {
            REQUIRE(error == NvSciError_BadParameter);
        } else {
            REQUIRE(error == (is_reached ? NvSciError_Success : NvSciError_Timeout));
        }
    }

    void timestamp() {
        const KnownFence& fence = any_fence();
        std::uint64_t time = 77;
        NvSciSyncTaskStatus status{1, 1, 1, 1};
        const NvSciError timed = NvSciSyncFenceGetTimestamp(fence.storage.get(), &time);
        const NvSciError told = NvSciSyncFenceGetTaskStatus(fence.storage.get(), &status);
        const KnownTimeline* timeline = fence.is_set() ? &timelines_[fence.timeline] : nullptr;
        const bool is_alive = timeline != nullptr && timeline->handles != 0;
        check_code_for(fence, timed, is_alive && timeline->has_timestamps && fence.value <= timeline->reached);
        check_code_for(fence, told, is_alive || (timeline != nullptr && fence.value > timeline->reached));
        if (timed != NvSciError_Success) REQUIRE(time == 77);
        if (told != NvSciError_Success) REQUIRE(status.status == 1);
    }

    void slots() {
        KnownFence& fence = any_fence();
        const bool is_alive = fence.is_set() && timelines_[fence.timeline].handles != 0;
        const bool has_timestamps = is_alive && timelines_[fence.timeline].has_timestamps;
        const auto slot = in_.ConsumeIntegral<std::uint32_t>() >> in_.ConsumeIntegralInRange(0, 31);
        NvSciSyncFence before = *fence.storage;
        NvSciError error = NvSciSyncFenceAddTimestampSlot(fence.storage.get(), slot);
        check_code_for(fence, error, has_timestamps && slot < kSlots);
        if (error != NvSciError_Success) REQUIRE(fence.holds(before));
        std::uint32_t found = 77;
        const NvSciError extracted = NvSciSyncFenceExtractTimestampSlot(fence.storage.get(), &found);
        check_code_for(fence, extracted, has_timestamps);
        if (extracted != NvSciError_Success) REQUIRE(found == 77);
        if (error == NvSciError_Success) REQUIRE(extracted == NvSciError_Success && found == slot);
        before = *fence.storage;
        error = NvSciSyncFenceAddTaskStatusSlot(fence.storage.get(), slot);
        check_code_for(fence, error, slot < kSlots);
        if (error != NvSciError_Success) REQUIRE(fence.holds(before));
    }

    std::vector<KnownContext> contexts_;
    std::vector<KnownObject> objects_;
    std::vector<KnownTimeline> timelines_;
    std::array<KnownFence, kFences> fences_;
};

}  // namespace
}  // namespace opennvsci::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    opennvsci::fuzz::use_software_devices();
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    opennvsci::fuzz::Machine(data, size).run();
    return 0;
}
