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
#include "sync_fences.h"

namespace opennvsci::fuzz {
namespace {

class Machine : private SyncFences {
  public:
    Machine(const std::uint8_t* data, std::size_t size) : SyncFences(data, size) {
        open_module();
        create_context();
    }

    void run() {
        while (in_.remaining_bytes() > 0)
            perform_any(*this, in_, steps());
        g_step = "the end";
        look_at_fences();
        free_lists();
        for (std::size_t i = 0; i < objects_.size(); ++i)
            free_object(i);
        look_at_fences();
        for (auto& context : contexts_)
            if (context.alive) NvSciSyncCpuWaitContextFree(context.handle);
        close_modules();
    }

  private:
    static std::span<const Step<Machine>> steps();

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
        REQUIRE(NvSciSyncCpuWaitContextAlloc(module, &new_context) == kBadParameter);
        REQUIRE(NvSciSyncAttrListCreate(module, &new_list) == kBadParameter);
        REQUIRE(NvSciSyncAttrListSetAttrs(list, &pair, 1) == kBadParameter);
        REQUIRE(NvSciSyncAttrListClone(list, &new_list) == kBadParameter);
        REQUIRE(NvSciSyncAttrListIsReconciled(list, &flag) == kBadParameter);
        REQUIRE(NvSciSyncAttrListGetSlotCount(list) == 0);
        REQUIRE(NvSciSyncFillC2cAttrs(list, NvSciSyncAccessPerm_WaitOnly) == kBadParameter);
        REQUIRE(NvSciSyncAttrListAppendUnreconciled(&list, 1, &new_list) == kBadParameter);
        REQUIRE(NvSciSyncObjAlloc(list, &new_object) == kBadParameter);
        REQUIRE(NvSciSyncObjDup(object, &new_object) == kBadParameter);
        REQUIRE(NvSciSyncObjGetAttrList(object, &new_list) == kBadParameter);
        REQUIRE(NvSciSyncObjAttachPeer(object, &list, 1) == kBadParameter);
        REQUIRE(NvSciSyncObjSignal(object) == kBadParameter);
        REQUIRE(NvSciSyncObjGenerateFence(object, fence.storage.get()) == kBadParameter);
        REQUIRE(NvSciSyncFenceUpdateFence(object, 0, 0, fence.storage.get()) == kBadParameter);
        REQUIRE(NvSciSyncFenceWait(fence.storage.get(), context, 0) == kBadParameter);
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
            REQUIRE(error == kBadParameter);
        }
        auto conflict = untouched<NvSciSyncAttrList>();
        REQUIRE(NvSciSyncAttrListReconcile(&list, 1, nullptr, &conflict) == kBadParameter);
        REQUIRE(conflict == nullptr);
        REQUIRE(NvSciSyncAttrListReconcile(&list, 1, &made, nullptr) == kBadParameter);
        REQUIRE(made == nullptr && number == 77 && std::memcmp(fence, &before, sizeof(before)) == 0);
        NvSciSyncAttrListFree(nullptr);
        NvSciSyncObjFree(nullptr);
        NvSciSyncFenceClear(nullptr);
    }
};

std::span<const Step<Machine>> Machine::steps() {
    static constexpr Step<Machine> kSteps[] = {
        {"open a module", 1, &Machine::open_module},
        {"close a module", 1, &Machine::close_module},
        {"create a context", 1, &Machine::create_context},
        {"free a context", 1, &Machine::free_context},
        {"create a list", 3, &Machine::create_list},
        {"set", 3, &Machine::set},
        {"get", 1, &Machine::get},
        {"validate against attributes", 1, &Machine::validate_attributes},
        {"fill for chip to chip", 1, &Machine::fill_chip_to_chip},
        {"clone", 1, &Machine::clone},
        {"append", 1, &Machine::append},
        {"reconcile", 2, &Machine::reconcile},
        {"validate", 1, &Machine::validate},
        {"allocate", 2, &Machine::allocate},
        {"reconcile and allocate", 1, &Machine::reconcile_and_allocate},
        {"allocate for the CPU", 4, &Machine::allocate_for_cpu},
        {"duplicate", 1, &Machine::duplicate},
        {"read an object", 1, &Machine::read_object},
        {"describe", 1, &Machine::describe},
        {"free a list", 1, &Machine::free_any_list},
        {"free an object", 1, &Machine::free_any_object},
        {"generate", 2, &Machine::generate},
        {"signal", 2, &Machine::signal},
        {"update", 1, &Machine::update},
        {"extract", 1, &Machine::extract},
        {"duplicate a fence", 1, &Machine::duplicate_fence},
        {"clear or assign", 1, &Machine::clear_or_assign},
        {"corrupt", 1, &Machine::corrupt},
        {"wait", 2, &Machine::wait},
        {"timestamp", 1, &Machine::timestamp},
        {"slots", 1, &Machine::slots},
        {"null arguments", 1, &Machine::null_arguments},
        {"garbage", 1, &Machine::garbage},
    };
    return kSteps;
}

}  // namespace
}  // namespace opennvsci::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    opennvsci::fuzz::Machine(data, size).run();
    return 0;
}
