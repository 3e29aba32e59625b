// SPDX-License-Identifier: Apache-2.0
//
// A byte stream becomes a sequence of NvSciBuf calls on one thread: lists and objects are made, set, combined, read and
// freed in any order, with live, freed and garbage handles. The sanitizers watch the memory; this file aborts when the
// documented behaviour does not hold:
//   - a call with a handle that is not alive gives NvSciError_BadParameter;
//   - a failed call leaves its outputs and the list alone;
//   - a reconciled list satisfies the lists it was made of, and reconciling them again gives the same;
//   - input-only keys cannot be read from reconciled lists, output keys only from them, internal keys never;
//   - the permission of an object never rises.
#include <array>

#include "buf_lists.h"

namespace opennvsci::fuzz {
namespace {

constexpr std::uint64_t kLargestAllocation = 1 << 20;

// The bytes of a buffer of any type, as its reconciled list says.
std::uint64_t size_of(NvSciBufAttrList reconciled) {
    std::uint64_t size = 0;
    for (const auto key : {NvSciBufRawBufferAttrKey_Size, NvSciBufImageAttrKey_Size, NvSciBufTensorAttrKey_Size,
                           NvSciBufArrayAttrKey_Size}) {
        NvSciBufAttrKeyValuePair pair{key, nullptr, 0};
        REQUIRE(NvSciBufAttrListGetAttrs(reconciled, &pair, 1) == kSuccess);
        if (pair.len != 0) size = std::max(size, *static_cast<const std::uint64_t*>(pair.value));
    }
    NvSciBufAttrKeyValuePair levels[] = {{NvSciBufPyramidAttrKey_LevelOffset, nullptr, 0},
                                         {NvSciBufPyramidAttrKey_LevelSize, nullptr, 0}};
    REQUIRE(NvSciBufAttrListGetAttrs(reconciled, levels, 2) == kSuccess);
    const std::size_t count = levels[0].len / sizeof(std::uint64_t);
    if (count == 0) return size;
    return static_cast<const std::uint64_t*>(levels[0].value)[count - 1] +
           static_cast<const std::uint64_t*>(levels[1].value)[count - 1];
}

// Regions follow each other without overlap and fill the buffer.
void check_layout(const OpenNvSciBufLayout& layout, std::uint64_t size) {
    std::uint64_t end = 0;
    for (const OpenNvSciBufRegion& region : std::span(layout.regions, layout.regionCount)) {
        REQUIRE(region.offset >= end && region.used <= region.size);
        end = region.offset + region.size;
    }
    REQUIRE(end == layout.size && layout.size == size);
}

struct KnownObject {
    NvSciBufObj handle;
    bool alive;
    bool read_only;
    std::size_t module;
};

class Machine : private BufLists {
  public:
    Machine(const std::uint8_t* data, std::size_t size) : BufLists(data, size) { open_module(); }

    void run() {
        while (in_.remaining_bytes() > 0)
            perform_any(*this, in_, steps());
        g_step = "the end";
        free_lists();
        for (std::size_t i = 0; i < objects_.size(); ++i)
            free_object(i);
        close_modules();
    }

  private:
    static std::span<const Step<Machine>> steps();

    std::uint64_t garbage_handle() {
        // Around a live handle, or anything.
        if (in_.ConsumeBool() && !lists_.empty()) {
            return reinterpret_cast<std::uint64_t>(lists_[pick(lists_)].handle) ^
                   (std::uint64_t{1} << in_.ConsumeIntegralInRange(0, 63));
        }
        return in_.ConsumeIntegral<std::uint64_t>();
    }

    bool is_live(std::uint64_t handle) const {
        return has_live(modules_, handle) || has_live(lists_, handle) || has_live(objects_, handle);
    }

    void garbage() {
        const std::uint64_t number = garbage_handle();
        if (is_live(number)) return;
        const auto list = reinterpret_cast<NvSciBufAttrList>(number);
        const auto object = reinterpret_cast<NvSciBufObj>(number);
        auto new_list = untouched<NvSciBufAttrList>();
        auto new_object = untouched<NvSciBufObj>();
        bool flag = true;
        REQUIRE(NvSciBufAttrListCreate(reinterpret_cast<NvSciBufModule>(number), &new_list) == kBadParameter);
        REQUIRE(NvSciBufAttrListClone(list, &new_list) == kBadParameter);
        REQUIRE(NvSciBufAttrListIsReconciled(list, &flag) == kBadParameter);
        REQUIRE(NvSciBufObjAlloc(list, &new_object) == kBadParameter);
        REQUIRE(NvSciBufObjDup(object, &new_object) == kBadParameter);
        REQUIRE(NvSciBufObjGetAttrList(object, &new_list) == kBadParameter);
        REQUIRE(new_list == untouched<NvSciBufAttrList>() && new_object == untouched<NvSciBufObj>() && flag);
    }

    void allocate() {
        if (lists_.empty() || objects_.size() >= kMostHandles) return;
        const auto& list = lists_[pick(lists_)];
        if (list.alive && list.reconciled && size_of(list.handle) > kLargestAllocation) return;
        auto object = untouched<NvSciBufObj>();
        const NvSciError error = NvSciBufObjAlloc(list.handle, &object);
        if (!list.alive || !list.reconciled) REQUIRE(error == kBadParameter);
        if (error != kSuccess) {
            REQUIRE(object == untouched<NvSciBufObj>());
            return;
        }
        objects_.push_back({object, true, false, list.module});
    }

    void duplicate() {
        if (objects_.empty() || objects_.size() >= kMostHandles) return;
        const KnownObject object = objects_[pick(objects_)];
        auto copy = untouched<NvSciBufObj>();
        const NvSciError error = NvSciBufObjDup(object.handle, &copy);
        REQUIRE((error == kSuccess) == object.alive && (copy == untouched<NvSciBufObj>()) == !object.alive);
        if (object.alive) objects_.push_back({copy, true, object.read_only, object.module});
    }

    void reduce() {
        if (objects_.empty() || objects_.size() >= kMostHandles) return;
        const KnownObject object = objects_[pick(objects_)];
        const auto number = in_.ConsumeIntegralInRange<std::uint32_t>(0, 6);
        NvSciBufAttrValAccessPerm perm{};
        std::memcpy(&perm, &number, sizeof(number));
        auto copy = untouched<NvSciBufObj>();
        const NvSciError error = NvSciBufObjDupWithReducePerm(object.handle, perm, &copy);
        const bool legal = number == 1 || (number == 3 && !object.read_only);
        REQUIRE((error == kSuccess) == (object.alive && legal));
        REQUIRE((copy == untouched<NvSciBufObj>()) == (error != kSuccess));
        if (error == kSuccess) objects_.push_back({copy, true, number == 1, object.module});
    }

    void read_object() {
        if (objects_.empty()) return;
        const std::size_t index = pick(objects_);
        const KnownObject& object = objects_[index];
        auto list = untouched<NvSciBufAttrList>();
        REQUIRE((NvSciBufObjGetAttrList(object.handle, &list) == kSuccess) == object.alive);
        void* pointer = nullptr;
        const void* const_pointer = nullptr;
        const bool can_write = NvSciBufObjGetCpuPtr(object.handle, &pointer) == kSuccess;
        const bool can_read = NvSciBufObjGetConstCpuPtr(object.handle, &const_pointer) == kSuccess;
        REQUIRE(!can_write || (object.alive && !object.read_only && can_read));
        if (!object.alive) return;
        NvSciBufAttrKeyValuePair answers[] = {{NvSciBufGeneralAttrKey_ActualPerm, nullptr, 0},
                                              {NvSciBufGeneralAttrKey_NeedCpuAccess, nullptr, 0}};
        REQUIRE(NvSciBufAttrListGetAttrs(list, answers, 2) == kSuccess);
        const std::uint64_t size = size_of(list);
        REQUIRE((*static_cast<const std::uint32_t*>(answers[0].value) == 1) == object.read_only);
        REQUIRE(*static_cast<const bool*>(answers[1].value) == can_read);
        if (can_write) static_cast<volatile std::uint8_t*>(pointer)[size - 1] = 1;
        if (can_read) (void)static_cast<const volatile std::uint8_t*>(const_pointer)[size - 1];
        copy_pixels(object, can_read, can_write);
        (void)NvSciBufObjFlushCpuCacheRange(object.handle, in_.ConsumeIntegral<std::uint64_t>(),
                                            in_.ConsumeIntegral<std::uint64_t>());
        lists_.add_borrowed(list, index, object.module);
    }

    // Of an image of up to three planes, with planes of the program that are mostly large enough.
    void copy_pixels(const KnownObject& object, bool can_read, bool can_write) {
        std::array<std::vector<std::uint8_t>, 3> planes;
        std::array<void*, 3> pointers{};
        std::array<std::uint32_t, 3> sizes{};
        std::array<std::uint32_t, 3> pitches{};
        for (std::size_t i = 0; i < planes.size(); ++i) {
            planes[i].resize(in_.ConsumeIntegralInRange<std::size_t>(1, 1 << 14));
            pointers[i] = planes[i].data();
            sizes[i] = static_cast<std::uint32_t>(planes[i].size());
            pitches[i] = in_.ConsumeIntegralInRange<std::uint32_t>(0, 512);
        }
        const auto corner = [&] { return in_.ConsumeIntegralInRange<std::uint64_t>(0, 64); };
        const NvSciBufRect rect{corner(), corner(), corner(), corner()};
        const NvSciBufRect* part = in_.ConsumeBool() ? &rect : nullptr;
        const std::array<const void*, 3> sources{pointers[0], pointers[1], pointers[2]};
        if (NvSciBufObjGetPixels(object.handle, part, pointers.data(), sizes.data(), pitches.data()) == kSuccess) {
            REQUIRE(can_read);
        }
        if (NvSciBufObjPutPixels(object.handle, part, const_cast<const void**>(sources.data()), sizes.data(),
                                 pitches.data()) == kSuccess) {
            REQUIRE(can_write);
        }
    }

    void read_layout() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const OpenNvSciBufLayout* layout = nullptr;
        const bool has_layout = opennvsciBufAttrListGetLayout(list.handle, &layout) == kSuccess;
        REQUIRE(has_layout == (list.alive && list.reconciled));
        if (has_layout) check_layout(*layout, size_of(list.handle));
    }

    void free_any_object() {
        if (!objects_.empty()) free_object(pick(objects_));
    }
    void free_object(std::size_t index) {
        if (!objects_[index].alive) return;
        NvSciBufObjFree(objects_[index].handle);
        objects_[index].alive = false;
        lists_.end_borrowed(index);
    }

    std::vector<KnownObject> objects_;
};

std::span<const Step<Machine>> Machine::steps() {
    static constexpr Step<Machine> kSteps[] = {
        {"open a module", 1, &Machine::open_module},
        {"close a module", 1, &Machine::close_module},
        {"create a list", 2, &Machine::create_list},
        {"set", 3, &Machine::set},
        {"get", 1, &Machine::get},
        {"clone", 1, &Machine::clone},
        {"append", 1, &Machine::append},
        {"reconcile", 2, &Machine::reconcile},
        {"validate", 1, &Machine::validate},
        {"validate against attributes", 1, &Machine::validate_attributes},
        {"allocate", 1, &Machine::allocate},
        {"duplicate", 1, &Machine::duplicate},
        {"reduce", 1, &Machine::reduce},
        {"read an object", 1, &Machine::read_object},
        {"describe", 1, &Machine::describe},
        {"read a layout", 1, &Machine::read_layout},
        {"free a list", 1, &Machine::free_any_list},
        {"free an object", 1, &Machine::free_any_object},
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
