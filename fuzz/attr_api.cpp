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
#include <string>
#include <string_view>

#include "nvscibuf.h"
#include "support.h"

namespace opennvsci::fuzz {
namespace {

constexpr std::uint64_t kLargestAllocation = 1 << 20;

std::string dump(NvSciBufAttrList list) {
    void* text = nullptr;
    std::size_t length = 0;
    REQUIRE(NvSciBufAttrListDebugDump(list, &text, &length) == NvSciError_Success);
    std::string copy(static_cast<const char*>(text), length);
    std::free(text);
    return copy;
}

bool is_output_key(std::uint32_t key) {
    return key == NvSciBufGeneralAttrKey_CpuNeedSwCacheCoherency || key == NvSciBufGeneralAttrKey_ActualPerm ||
           key == NvSciBufGeneralAttrKey_GpuSwNeedCacheCoherency || key == NvSciBufImageAttrKey_Size ||
           key == NvSciBufArrayAttrKey_Size || key == NvSciBufTensorAttrKey_Size;
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

// The bytes of a buffer of any type, as its reconciled list says.
std::uint64_t size_of(NvSciBufAttrList reconciled) {
    std::uint64_t size = 0;
    for (const auto key : {NvSciBufRawBufferAttrKey_Size, NvSciBufImageAttrKey_Size, NvSciBufTensorAttrKey_Size,
                           NvSciBufArrayAttrKey_Size}) {
        NvSciBufAttrKeyValuePair pair{key, nullptr, 0};
        REQUIRE(NvSciBufAttrListGetAttrs(reconciled, &pair, 1) == NvSciError_Success);
        if (pair.len != 0) size = std::max(size, *static_cast<const std::uint64_t*>(pair.value));
    }
    NvSciBufAttrKeyValuePair levels[] = {{NvSciBufPyramidAttrKey_LevelOffset, nullptr, 0},
                                         {NvSciBufPyramidAttrKey_LevelSize, nullptr, 0}};
    REQUIRE(NvSciBufAttrListGetAttrs(reconciled, levels, 2) == NvSciError_Success);
    const std::size_t count = levels[0].len / sizeof(std::uint64_t);
    if (count == 0) return size;
    return static_cast<const std::uint64_t*>(levels[0].value)[count - 1] +
           static_cast<const std::uint64_t*>(levels[1].value)[count - 1];
}

struct KnownObject {
    NvSciBufObj handle;
    bool alive;
    bool read_only;
    std::size_t module;
};

class Machine {
  public:
    Machine(const std::uint8_t* data, std::size_t size) : in_(data, size), gpus_(gpu_ids()) { open_module(); }

    void run() {
        while (in_.remaining_bytes() > 0)
            step();
        for (std::size_t i = 0; i < lists_.size(); ++i)
            if (lists_[i].alive && !lists_[i].borrowed) free_list(i);
        for (std::size_t i = 0; i < objects_.size(); ++i)
            if (objects_[i].alive) free_object(i);
        for (auto& module : modules_)
            if (module.alive) NvSciBufModuleClose(module.handle);
    }

  private:
    void step() {
        switch (in_.ConsumeIntegralInRange(0, 21)) {
            case 0:
                return open_module();
            case 1:
                return close_module();
            case 2:
            case 3:
                return create_list();
            case 4:
            case 5:
            case 6:
                return set();
            case 7:
                return get();
            case 8:
                return clone();
            case 9:
                return append();
            case 10:
            case 11:
                return reconcile();
            case 12:
                return validate();
            case 13:
                return validate_attributes();
            case 14:
                return allocate();
            case 15:
                return duplicate();
            case 16:
                return reduce();
            case 17:
                return read_object();
            case 18:
                return describe();
            case 19:
                if (!lists_.empty()) free_list(pick(lists_));
                return;
            case 20:
                if (!objects_.empty()) free_object(pick(objects_));
                return;
            default:
                return garbage();
        }
    }

    template <class T>
    std::size_t pick(const std::vector<T>& known) {
        return fuzz::pick(in_, known);
    }

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
        REQUIRE(NvSciBufAttrListCreate(reinterpret_cast<NvSciBufModule>(number), &new_list) == NvSciError_BadParameter);
        REQUIRE(NvSciBufAttrListClone(list, &new_list) == NvSciError_BadParameter);
        REQUIRE(NvSciBufAttrListIsReconciled(list, &flag) == NvSciError_BadParameter);
        REQUIRE(NvSciBufObjAlloc(list, &new_object) == NvSciError_BadParameter);
        REQUIRE(NvSciBufObjDup(object, &new_object) == NvSciError_BadParameter);
        REQUIRE(NvSciBufObjGetAttrList(object, &new_list) == NvSciError_BadParameter);
        REQUIRE(new_list == untouched<NvSciBufAttrList>() && new_object == untouched<NvSciBufObj>() && flag);
    }

    void open_module() {
        if (modules_.size() == kMostModules) return;
        NvSciBufModule module = nullptr;
        REQUIRE(NvSciBufModuleOpen(&module) == NvSciError_Success);
        modules_.push_back({module, true});
    }

    void close_module() {
        const std::size_t i = pick(modules_);
        if (!modules_[i].alive) return;
        NvSciBufModuleClose(modules_[i].handle);
        modules_[i].alive = false;
    }

    void create_list() {
        if (lists_.size() >= kMostHandles) return;
        const std::size_t module = pick(modules_);
        auto list = untouched<NvSciBufAttrList>();
        const NvSciError error = NvSciBufAttrListCreate(modules_[module].handle, &list);
        if (!modules_[module].alive) {
            REQUIRE(error == NvSciError_BadParameter && list == untouched<NvSciBufAttrList>());
            return;
        }
        REQUIRE(error == NvSciError_Success);
        lists_.add(list, module, false);
        // Mostly lists that can be reconciled, or little else would ever happen.
        if (in_.ConsumeIntegralInRange(0, 7) == 0) return;
        if (in_.ConsumeIntegralInRange(0, 2) == 0) return describe_other_type(list);
        const auto type = NvSciBufType_RawBuffer;
        const std::uint64_t size = in_.ConsumeIntegralInRange<std::uint64_t>(0, 3) == 0 ? 8192 : 4096;
        NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                            {NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)}};
        REQUIRE(NvSciBufAttrListSetAttrs(list, pairs, 2) == NvSciError_Success);
    }

    // What an image, a tensor, an array or a pyramid must have, in small.
    void describe_other_type(NvSciBufAttrList list) {
        const auto number = in_.ConsumeIntegralInRange<std::uint32_t>(NvSciBufType_Image, NvSciBufType_Pyramid);
        const std::uint32_t layout = in_.ConsumeBool();
        const std::uint32_t scan = in_.ConsumeBool();
        const auto planes = in_.ConsumeIntegralInRange<std::uint32_t>(1, 3);
        std::array<std::uint32_t, 3> formats{};
        std::array<std::uint32_t, 3> widths{};
        std::array<std::uint32_t, 3> heights{};
        for (std::uint32_t i = 0; i < planes; ++i) {
            formats[i] = in_.ConsumeIntegralInRange<std::uint32_t>(NvSciColor_U8V8, NvSciColor_B8);
            widths[i] = in_.ConsumeIntegralInRange<std::uint32_t>(1, 100);
            heights[i] = in_.ConsumeIntegralInRange<std::uint32_t>(1, 100);
        }
        const std::uint32_t data_type = NvSciDataType_Int8;
        const std::uint64_t count = in_.ConsumeIntegralInRange<std::uint64_t>(1, 1000);
        const std::uint32_t one = 1;
        const float scale = 0.5F;
        const auto pair = [](NvSciBufAttrKey key, const auto& value) {
            return NvSciBufAttrKeyValuePair{key, &value, sizeof(value)};
        };
        std::vector<NvSciBufAttrKeyValuePair> pairs{pair(NvSciBufGeneralAttrKey_Types, number)};
        if (number == NvSciBufType_Tensor) {
            pairs.insert(
                pairs.end(),
                {pair(NvSciBufTensorAttrKey_DataType, data_type), pair(NvSciBufTensorAttrKey_NumDims, one),
                 pair(NvSciBufTensorAttrKey_SizePerDim, count), pair(NvSciBufTensorAttrKey_AlignmentPerDim, one)});
        } else if (number == NvSciBufType_Array) {
            pairs.insert(pairs.end(),
                         {pair(NvSciBufArrayAttrKey_DataType, data_type), pair(NvSciBufArrayAttrKey_Stride, count),
                          pair(NvSciBufArrayAttrKey_Capacity, count)});
        } else {
            const std::size_t size = planes * sizeof(std::uint32_t);
            pairs.insert(pairs.end(), {pair(NvSciBufImageAttrKey_Layout, layout),
                                       pair(NvSciBufImageAttrKey_ScanType, scan),
                                       pair(NvSciBufImageAttrKey_PlaneCount, planes),
                                       {NvSciBufImageAttrKey_PlaneColorFormat, formats.data(), size},
                                       {NvSciBufImageAttrKey_PlaneWidth, widths.data(), size},
                                       {NvSciBufImageAttrKey_PlaneHeight, heights.data(), size}});
        }
        if (number == NvSciBufType_Pyramid) {
            pairs.insert(pairs.end(),
                         {pair(NvSciBufPyramidAttrKey_NumLevels, planes), pair(NvSciBufPyramidAttrKey_Scale, scale)});
        }
        REQUIRE(NvSciBufAttrListSetAttrs(list, pairs.data(), pairs.size()) == NvSciError_Success);
    }

    std::uint32_t any_key() {
        static constexpr std::array<std::uint32_t, 6> kStarts{0, 0x10000, 0x20000, 0x30000, 0x40000, 0x50000};
        switch (in_.ConsumeIntegralInRange(0, 9)) {
            case 0:
                return in_.ConsumeIntegral<std::uint32_t>();
            case 1:
                return 1U << 26 | in_.ConsumeIntegralInRange<std::uint32_t>(0, 4);
            case 2:
            case 3:
                return in_.PickValueInArray(kStarts) + in_.ConsumeIntegralInRange<std::uint32_t>(0, 33);
            case 4:
                return 0x10000 + in_.ConsumeIntegralInRange<std::uint32_t>(0, 2);
            default:
                return in_.ConsumeIntegralInRange<std::uint32_t>(1, 13);
        }
    }

    std::vector<std::uint8_t> value_for(std::uint32_t key) {
        const NvSciRmGpuId& gpu = gpus_[pick(gpus_)];
        if (in_.ConsumeIntegralInRange(0, 5) != 0) {
            switch (key) {
                case NvSciBufGeneralAttrKey_Types:
                    return bytes_of(in_.ConsumeIntegralInRange<std::uint32_t>(1, in_.ConsumeBool() ? 1 : 6));
                case NvSciBufGeneralAttrKey_NeedCpuAccess:
                case NvSciBufGeneralAttrKey_EnableCpuCache:
                    return bytes_of(in_.ConsumeBool());
                case NvSciBufGeneralAttrKey_RequiredPerm:
                    return bytes_of(in_.ConsumeBool() ? 1U : 3U);
                case NvSciBufGeneralAttrKey_GpuId:
                case NvSciBufGeneralAttrKey_VidMem_GpuId:
                    return bytes_of(gpu);
                case NvSciBufGeneralAttrKey_EnableGpuCache:
                    return bytes_of(NvSciBufAttrValGpuCache{gpu, in_.ConsumeBool()});
                case NvSciBufGeneralAttrKey_EnableGpuCompression:
                    return bytes_of(NvSciBufAttrValGpuCompression{gpu, NvSciBufCompressionType_GenericCompressible});
                case NvSciBufRawBufferAttrKey_Size:
                case NvSciBufRawBufferAttrKey_Align:
                    return bytes_of(std::uint64_t{1} << in_.ConsumeIntegralInRange(0, 63));
                default:
                    break;
            }
        }
        static constexpr std::array<std::size_t, 8> kSizes{1, 4, 8, 16, 17, 20, 24, 32};
        return in_.ConsumeBytes<std::uint8_t>(in_.PickValueInArray(kSizes) *
                                              in_.ConsumeIntegralInRange<std::size_t>(0, 3));
    }

    Pairs<NvSciBufAttrKeyValuePair> any_pairs() {
        return fuzz::any_pairs<NvSciBufAttrKeyValuePair>(
            in_, [this] { return any_key(); }, [this](std::uint32_t key) { return value_for(key); });
    }

    void set() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        auto given = any_pairs();
        const std::string before = list.alive ? dump(list.handle) : std::string();
        const NvSciError error = NvSciBufAttrListSetAttrs(list.handle, given.pairs.data(), given.pairs.size());
        if (error != NvSciError_Success) REQUIRE(error == NvSciError_BadParameter);
        if (!list.alive || list.reconciled || list.conflict) REQUIRE(error == NvSciError_BadParameter);
        if (error != NvSciError_Success && list.alive) REQUIRE(dump(list.handle) == before);
    }

    void get() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const std::uint32_t key = any_key();
        const auto slot = in_.ConsumeIntegralInRange<std::size_t>(0, 3);
        static const char sentinel = 0;
        auto pair = pair_of<NvSciBufAttrKeyValuePair>(key, &sentinel, 77);
        const NvSciError error = NvSciBufAttrListSlotGetAttrs(list.handle, slot, &pair, 1);
        if (error != NvSciError_Success) {
            REQUIRE(error == NvSciError_BadParameter && pair.value == &sentinel && pair.len == 77);
            return;
        }
        REQUIRE(list.alive && slot < NvSciBufAttrListGetSlotCount(list.handle));
        REQUIRE(key >> 26 == 0);
        REQUIRE(!(list.reconciled && key == NvSciBufGeneralAttrKey_RequiredPerm));
        REQUIRE(list.reconciled || !is_output_key(key));
        REQUIRE((pair.value == nullptr) == (pair.len == 0));
        std::vector<std::uint8_t> copy(pair.len);  // touches every byte of the value
        if (pair.len != 0) std::memcpy(copy.data(), pair.value, pair.len);
    }

    void clone() {
        if (lists_.empty() || lists_.size() >= kMostHandles) return;
        const auto list = lists_[pick(lists_)];
        auto copy = untouched<NvSciBufAttrList>();
        if (NvSciBufAttrListClone(list.handle, &copy) != NvSciError_Success) {
            REQUIRE(copy == untouched<NvSciBufAttrList>());
            return;
        }
        REQUIRE(list.alive && dump(copy) == dump(list.handle));
        lists_.add(copy, list.module, list.reconciled, list.conflict);
    }

    void append() {
        if (lists_.size() >= kMostHandles) return;
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        auto appended = untouched<NvSciBufAttrList>();
        const NvSciError error = NvSciBufAttrListAppendUnreconciled(inputs.data(), inputs.size(), &appended);
        if (error != NvSciError_Success) {
            REQUIRE(error == NvSciError_BadParameter && appended == untouched<NvSciBufAttrList>());
            return;
        }
        REQUIRE(lists_.can_be_combined(chosen));
        std::size_t slots = 0;
        for (NvSciBufAttrList list : inputs)
            slots += NvSciBufAttrListGetSlotCount(list);
        REQUIRE(NvSciBufAttrListGetSlotCount(appended) == slots);
        // Appending doubles: keep the lists small, so that speed is spent on variety.
        if (slots > 64) return NvSciBufAttrListFree(appended);
        lists_.add(appended, lists_[chosen[0]].module, false);
    }

    void reconcile() {
        if (lists_.size() + 2 >= kMostHandles) return;
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        auto reconciled = untouched<NvSciBufAttrList>();
        auto conflict = untouched<NvSciBufAttrList>();
        const NvSciError error = NvSciBufAttrListReconcile(inputs.data(), inputs.size(), &reconciled, &conflict);
        if (!lists_.can_be_combined(chosen)) REQUIRE(error == NvSciError_BadParameter);
        REQUIRE((error == NvSciError_Success) == (reconciled != nullptr));
        REQUIRE((error == NvSciError_ReconciliationFailed) == (conflict != nullptr));
        const std::size_t module = chosen.empty() ? 0 : lists_[chosen[0]].module;
        if (error != NvSciError_Success) {
            REQUIRE(*opennvsciGetLastErrorText() != '\0');
            if (conflict != nullptr) lists_.add(conflict, module, false, true);
            return;
        }
        bool valid = false;
        REQUIRE(NvSciBufAttrListValidateReconciled(reconciled, inputs.data(), inputs.size(), &valid) ==
                    NvSciError_Success &&
                valid);
        NvSciBufAttrList again = nullptr;
        REQUIRE(NvSciBufAttrListReconcile(inputs.data(), inputs.size(), &again, &conflict) == NvSciError_Success);
        REQUIRE(dump(again) == dump(reconciled));
        NvSciBufAttrListFree(again);
        lists_.add(reconciled, module, true);
    }

    void validate() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        bool valid = false;
        const NvSciError error = NvSciBufAttrListValidateReconciled(list.handle, inputs.data(), inputs.size(), &valid);
        if (!list.alive || !list.reconciled || !lists_.can_be_combined(chosen))
            REQUIRE(error == NvSciError_BadParameter);
        REQUIRE((error == NvSciError_Success) == valid);
    }

    void validate_attributes() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const auto given = any_pairs();
        const NvSciError error =
            NvSciBufAttrListValidateReconciledAgainstAttrs(list.handle, given.pairs.data(), given.pairs.size());
        if (!list.alive || !list.reconciled) REQUIRE(error == NvSciError_BadParameter);
    }

    void allocate() {
        if (lists_.empty() || objects_.size() >= kMostHandles) return;
        const auto& list = lists_[pick(lists_)];
        if (list.alive && list.reconciled && size_of(list.handle) > kLargestAllocation) return;
        auto object = untouched<NvSciBufObj>();
        const NvSciError error = NvSciBufObjAlloc(list.handle, &object);
        if (!list.alive || !list.reconciled) REQUIRE(error == NvSciError_BadParameter);
        if (error != NvSciError_Success) {
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
        REQUIRE((error == NvSciError_Success) == object.alive && (copy == untouched<NvSciBufObj>()) == !object.alive);
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
        REQUIRE((error == NvSciError_Success) == (object.alive && legal));
        REQUIRE((copy == untouched<NvSciBufObj>()) == (error != NvSciError_Success));
        if (error == NvSciError_Success) objects_.push_back({copy, true, number == 1, object.module});
    }

    void read_object() {
        if (objects_.empty()) return;
        const std::size_t index = pick(objects_);
        const KnownObject& object = objects_[index];
        auto list = untouched<NvSciBufAttrList>();
        REQUIRE((NvSciBufObjGetAttrList(object.handle, &list) == NvSciError_Success) == object.alive);
        void* pointer = nullptr;
        const void* const_pointer = nullptr;
        const bool can_write = NvSciBufObjGetCpuPtr(object.handle, &pointer) == NvSciError_Success;
        const bool can_read = NvSciBufObjGetConstCpuPtr(object.handle, &const_pointer) == NvSciError_Success;
        REQUIRE(!can_write || (object.alive && !object.read_only && can_read));
        if (!object.alive) return;
        NvSciBufAttrKeyValuePair answers[] = {{NvSciBufGeneralAttrKey_ActualPerm, nullptr, 0},
                                              {NvSciBufGeneralAttrKey_NeedCpuAccess, nullptr, 0}};
        REQUIRE(NvSciBufAttrListGetAttrs(list, answers, 2) == NvSciError_Success);
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
        if (NvSciBufObjGetPixels(object.handle, part, pointers.data(), sizes.data(), pitches.data()) ==
            NvSciError_Success) {
            REQUIRE(can_read);
        }
        if (NvSciBufObjPutPixels(object.handle, part, const_cast<const void**>(sources.data()), sizes.data(),
                                 pitches.data()) == NvSciError_Success) {
            REQUIRE(can_write);
        }
    }

    void describe() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const OpenNvSciDecision* decisions = nullptr;
        std::size_t count = 0;
        const NvSciError error = opennvsciBufAttrListGetDecisions(list.handle, &decisions, &count);
        check_decisions(list, error, std::span(decisions, count));
        const OpenNvSciBufLayout* layout = nullptr;
        const bool has_layout = opennvsciBufAttrListGetLayout(list.handle, &layout) == NvSciError_Success;
        REQUIRE(has_layout == (list.alive && list.reconciled));
        if (has_layout) check_layout(*layout, size_of(list.handle));
        const std::string name = in_.ConsumeRandomLengthString(70);
        (void)opennvsciBufAttrListSetName(list.handle, name.c_str());
    }

    void free_list(std::size_t index) {
        auto& list = lists_[index];
        if (!list.alive) return;
        NvSciBufAttrListFree(list.handle);
        if (list.borrowed) {
            REQUIRE(!dump(list.handle).empty());  // freeing it has no effect
            return;
        }
        list.alive = false;
    }

    void free_object(std::size_t index) {
        if (!objects_[index].alive) return;
        NvSciBufObjFree(objects_[index].handle);
        objects_[index].alive = false;
        lists_.end_borrowed(index);
    }

    FuzzedDataProvider in_;
    std::vector<NvSciRmGpuId> gpus_;
    std::vector<Known<NvSciBufModule>> modules_;
    KnownLists<NvSciBufAttrList> lists_;
    std::vector<KnownObject> objects_;
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
