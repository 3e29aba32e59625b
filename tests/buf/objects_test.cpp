// SPDX-License-Identifier: Apache-2.0
//
// Objects: allocation, sharing, permission, the CPU's view, and any order of freeing.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "buf_test.h"

namespace opennvsci::test {
namespace {

constexpr auto kRead = NvSciBufAccessPerm_Readonly;
constexpr auto kWrite = NvSciBufAccessPerm_ReadWrite;
constexpr std::uint64_t kObjectSize = 5000;

class ObjectsTest : public BufTest {
  protected:
    [[nodiscard]] Object cpu_object(std::uint64_t size = kObjectSize) const {
        return allocate(reconciled({cpu_list(size)}));
    }
    [[nodiscard]] Object gpu_object() const { return allocate(reconciled({gpu_list(kObjectSize)})); }

    static Object dup(NvSciBufObj object) {
        Object copy;
        EXPECT_EQ(NvSciBufObjDup(object, copy.out()), kSuccess);
        return copy;
    }
    static Object reduce(NvSciBufObj object, NvSciBufAttrValAccessPerm perm = kRead) {
        Object reduced;
        EXPECT_EQ(NvSciBufObjDupWithReducePerm(object, perm, reduced.out()), kSuccess);
        return reduced;
    }
    static NvSciBufAttrList list_of(NvSciBufObj object) {
        NvSciBufAttrList list = nullptr;
        EXPECT_EQ(NvSciBufObjGetAttrList(object, &list), kSuccess);
        return list;
    }
    static NvSciBufAttrValAccessPerm permission(NvSciBufObj object) {
        return get<NvSciBufAttrValAccessPerm>(list_of(object), NvSciBufGeneralAttrKey_ActualPerm).at(0);
    }
    static unsigned char* pointer(NvSciBufObj object) {
        void* address = nullptr;
        EXPECT_EQ(NvSciBufObjGetCpuPtr(object, &address), kSuccess) << opennvsciGetLastErrorText();
        return static_cast<unsigned char*>(address);
    }
    static const unsigned char* const_pointer(NvSciBufObj object) {
        const void* address = nullptr;
        EXPECT_EQ(NvSciBufObjGetConstCpuPtr(object, &address), kSuccess) << opennvsciGetLastErrorText();
        return static_cast<const unsigned char*>(address);
    }
};

// A file that grows beyond the limit raises a signal that ends the process, and a memory file is a file.
TEST_F(ObjectsTest, ALimitOfTheFileSizeIsAnErrorThatNamesIt) {
    constexpr std::uint64_t kLarge = 4 << 20;
    const List in_system = reconciled({cpu_list(kLarge)});
    const List in_video = reconciled({gpu_list(kLarge)});
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit low{1 << 20, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
    NvSciBufObj object = nullptr;
    const NvSciError system = NvSciBufObjAlloc(in_system, &object);
    const std::string text = opennvsciGetLastErrorText();
    Object video;
    const NvSciError video_code = NvSciBufObjAlloc(in_video, video.out());
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(system, kResourceError);
    EXPECT_TRUE(contains(text, "RLIMIT_FSIZE"));
    // The software device keeps its memory in such files too.
    const bool is_software = TestDevice::instance().driver().is_software;
    EXPECT_EQ(video_code, is_software ? kResourceError : kSuccess);
    EXPECT_NE(allocate(in_system).get(), nullptr) << "with the limit gone";
}

TEST_F(ObjectsTest, AllocRefusesBadArguments) {
    const List list = raw_list(module_, kObjectSize);
    const List result = reconciled({list});
    const List conflict = std::move(reconcile({list, raw_list(module_, 1)}).conflict);
    NvSciBufObj object = nullptr;
    EXPECT_EQ(NvSciBufObjAlloc(nullptr, &object), kBadParameter);
    EXPECT_EQ(NvSciBufObjAlloc(result, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufObjAlloc(list, &object), kBadParameter) << "not reconciled";
    EXPECT_EQ(NvSciBufObjAlloc(conflict, &object), kBadParameter);
    EXPECT_EQ(object, nullptr);
}

TEST_F(ObjectsTest, NewMemoryIsZeroAndHoldsAllBytes) {
    for (const std::uint64_t size : {1ULL, 4095ULL, 4096ULL, 4097ULL, kObjectSize + 0ULL, (1ULL << 20) + 1}) {
        // Twice, the first one filled: the second must not see its bytes.
        for (int round = 0; round < 2; ++round) {
            const Object object = cpu_object(size);
            unsigned char* bytes = pointer(object);
            EXPECT_EQ(std::count(bytes, bytes + size, 0), static_cast<long>(size)) << size;
            std::fill(bytes, bytes + size, static_cast<unsigned char>(0xAB));
        }
    }
}

// Neither a CPU nor a GPU of this process uses it.
TEST_F(ObjectsTest, WhoOnlyHandsLargeMemoryOnDoesNotTakeIt) {
    const auto taken = [](const List& list) {
        const auto shared = [] {
            std::ifstream file("/proc/self/status");
            long kilobytes = 0;
            for (std::string word; file >> word;) {
                if (word == "RssShmem:") file >> kilobytes;
            }
            return kilobytes;
        };
        const long before = shared();
        const Object object = allocate(reconciled({list}));
        EXPECT_NE(object.get(), nullptr);
        return shared() - before;
    };
    constexpr std::uint64_t kLarge = 16 << 20;
    EXPECT_LT(taken(raw_list(module_, kLarge)), 64);
    if (taken(cpu_list(kLarge)) < static_cast<long>(kLarge >> 10)) GTEST_SKIP() << "this kernel gathers no huge pages";
}

TEST_F(ObjectsTest, TheStartAddressHasTheAlignmentOfTheList) {
    for (const std::uint64_t align : {64ULL, 4096ULL, 65536ULL, 1ULL << 21, 1ULL << 30}) {
        const List list = cpu_list(kObjectSize);
        ASSERT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, align), kSuccess);
        const Object object = allocate(reconciled({list}));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pointer(object)) % align, 0U) << align;
        const Object reduced = reduce(object);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(const_pointer(reduced)) % align, 0U) << align;
    }
}

TEST_F(ObjectsTest, OneListMakesManyObjectsWithMemoryOfTheirOwn) {
    const List result = reconciled({cpu_list()});
    const Object one = allocate(result);
    const Object two = allocate(result);
    pointer(one)[0] = 1;
    EXPECT_EQ(pointer(two)[0], 0);
}

TEST_F(ObjectsTest, ASizeBeyondTheMachineIsAResourceError) {
    constexpr std::uint64_t kTooMuch = std::uint64_t{1} << 46;
    for (const bool video : {false, true}) {
        const List result = reconciled({video ? gpu_list(kTooMuch) : cpu_list(kTooMuch)});
        NvSciBufObj object = nullptr;
        EXPECT_EQ(NvSciBufObjAlloc(result, &object), kResourceError) << (video ? "video" : "system");
        EXPECT_EQ(object, nullptr);
    }
    const List idle = reconciled({raw_list(module_, kTooMuch)});
    NvSciBufObj object = nullptr;
    EXPECT_EQ(NvSciBufObjAlloc(idle, &object), kResourceError) << "also memory that nobody maps yet";
}

TEST_F(ObjectsTest, AnAlignmentBeyondTheAddressSpaceIsAResourceError) {
    for (const unsigned shift : {48U, 63U}) {
        const List list = cpu_list();
        ASSERT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, std::uint64_t{1} << shift), kSuccess);
        const List result = reconciled({list});
        NvSciBufObj object = nullptr;
        EXPECT_EQ(NvSciBufObjAlloc(result, &object), kResourceError) << shift;
        EXPECT_EQ(object, nullptr);
    }
}

TEST_F(ObjectsTest, TheAllocatorMayAlwaysWrite) {
    const List result = reconciled({cpu_list()});
    EXPECT_EQ(get<NvSciBufAttrValAccessPerm>(result, NvSciBufGeneralAttrKey_ActualPerm).at(0), kRead);
    const Object object = allocate(result);
    EXPECT_EQ(permission(object), kWrite) << "whatever was asked";
    EXPECT_EQ(get<NvSciBufAttrValAccessPerm>(result, NvSciBufGeneralAttrKey_ActualPerm).at(0), kRead)
        << "the list of the reconciliation is another one";
}

TEST_F(ObjectsTest, ADupSharesContentAndPermission) {
    const Object object = cpu_object();
    const Object copy = dup(object);
    EXPECT_NE(copy.get(), object.get());
    pointer(object)[7] = 42;
    EXPECT_EQ(pointer(copy)[7], 42);
    EXPECT_EQ(permission(copy), kWrite);
    EXPECT_EQ(permission(dup(reduce(object))), kRead);
}

TEST_F(ObjectsTest, DupRefusesNull) {
    const Object object = cpu_object();
    NvSciBufObj copy = nullptr;
    EXPECT_EQ(NvSciBufObjDup(nullptr, &copy), kBadParameter);
    EXPECT_EQ(NvSciBufObjDup(object, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufObjDupWithReducePerm(nullptr, kRead, &copy), kBadParameter);
    EXPECT_EQ(NvSciBufObjDupWithReducePerm(object, kRead, nullptr), kBadParameter);
    EXPECT_EQ(copy, nullptr);
}

TEST_F(ObjectsTest, PermissionIsReducedAndNeverRaised) {
    const Object object = cpu_object();
    EXPECT_EQ(permission(reduce(object, kWrite)), kWrite) << "an equal permission is a dup";
    const Object reduced = reduce(object, kRead);
    EXPECT_EQ(permission(reduced), kRead);
    EXPECT_EQ(permission(object), kWrite) << "the original keeps its own";
    EXPECT_EQ(permission(reduce(reduced, kRead)), kRead);
    NvSciBufObj raised = nullptr;
    EXPECT_EQ(NvSciBufObjDupWithReducePerm(reduced, kWrite, &raised), kBadParameter);
    for (const int illegal : {0, 2, 4, 5, 7}) {
        EXPECT_EQ(NvSciBufObjDupWithReducePerm(object, static_cast<NvSciBufAttrValAccessPerm>(illegal), &raised),
                  kBadParameter)
            << illegal;
    }
    EXPECT_EQ(raised, nullptr);
}

TEST_F(ObjectsTest, ReducingWorksInVideoMemoryToo) {
    const Object reduced = reduce(gpu_object());
    EXPECT_EQ(permission(reduced), kRead);
}

TEST_F(ObjectsTest, AReducedObjectSharesTheContent) {
    const Object object = cpu_object();
    const Object reduced = reduce(object);
    pointer(object)[4999] = 9;
    EXPECT_EQ(const_pointer(reduced)[4999], 9);
}

TEST_F(ObjectsTest, TheListOfAnObjectIsReconciledBorrowedAndReadOnly) {
    const Object object = cpu_object();
    const NvSciBufAttrList list = list_of(object);
    EXPECT_EQ(list_of(object), list) << "the same on every call";
    bool is_reconciled = false;
    EXPECT_EQ(NvSciBufAttrListIsReconciled(list, &is_reconciled), kSuccess);
    EXPECT_TRUE(is_reconciled);
    EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_EnableCpuCache, true), kBadParameter);
    EXPECT_EQ(get<std::uint64_t>(list, NvSciBufRawBufferAttrKey_Size).at(0), kObjectSize);
    EXPECT_NE(allocate(list).get(), nullptr) << "more of the same can be allocated from it";
    NvSciBufAttrList none = nullptr;
    EXPECT_EQ(NvSciBufObjGetAttrList(object, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufObjGetAttrList(nullptr, &none), kBadParameter);
}

TEST_F(ObjectsTest, TheListOfAnObjectEndsWithIt) {
    Object object = cpu_object();
    const NvSciBufAttrList list = list_of(object);
    const List copy = clone(list);
    object.reset();
    bool is_reconciled = false;
    EXPECT_EQ(NvSciBufAttrListIsReconciled(list, &is_reconciled), kBadParameter);
    EXPECT_EQ(get<std::uint64_t>(copy, NvSciBufRawBufferAttrKey_Size).at(0), kObjectSize) << "a clone of it does not";
}

TEST_F(ObjectsTest, TheCpuPointerIsTheSameOnEveryCallAndForEveryDup) {
    const Object object = cpu_object();
    const Object copy = dup(object);
    EXPECT_EQ(pointer(object), pointer(object));
    EXPECT_EQ(pointer(copy), pointer(object));
    EXPECT_EQ(const_pointer(object), pointer(object)) << "also for ReadWrite";
    const Object reduced = reduce(object);
    EXPECT_EQ(const_pointer(reduced), const_pointer(reduced));
    EXPECT_NE(const_pointer(reduced), pointer(object)) << "a read-only mapping of its own";
}

TEST_F(ObjectsTest, PointersNeedCpuAccessAndPermission) {
    void* address = nullptr;
    const void* const_address = nullptr;
    const Object reduced = reduce(cpu_object());
    EXPECT_EQ(NvSciBufObjGetCpuPtr(reduced, &address), kBadParameter) << "ActualPerm is Readonly";
    for (const bool video : {false, true}) {
        const Object object = video ? gpu_object() : allocate(reconciled({raw_list(module_, kObjectSize)}));
        EXPECT_EQ(NvSciBufObjGetCpuPtr(object, &address), kBadParameter) << "NeedCpuAccess is false";
        EXPECT_EQ(NvSciBufObjGetConstCpuPtr(object, &const_address), kBadParameter);
    }
    EXPECT_EQ(NvSciBufObjGetCpuPtr(nullptr, &address), kBadParameter);
    EXPECT_EQ(NvSciBufObjGetConstCpuPtr(nullptr, &const_address), kBadParameter);
    EXPECT_EQ(NvSciBufObjGetCpuPtr(reduced, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufObjGetConstCpuPtr(reduced, nullptr), kBadParameter);
    EXPECT_EQ(address, nullptr);
    EXPECT_EQ(const_address, nullptr);
}

using ObjectsDeathTest = ObjectsTest;

TEST_F(ObjectsDeathTest, AStoreThroughAReadOnlyPointerFaults) {
    const Object reduced = reduce(cpu_object());
    EXPECT_DEATH(
        {
            auto* bytes = const_cast<volatile unsigned char*>(const_pointer(reduced));
            if (bytes[0] == 0) std::fprintf(stderr, "reading works\n");
            bytes[0] = 1;
            std::_Exit(0);  // the store was not stopped: this is not a death
        },
        "reading works");
}

TEST_F(ObjectsTest, FlushChecksItsArguments) {
    const Object object = cpu_object();
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(object, 0, kObjectSize), kSuccess);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(object, kObjectSize - 1, 1), kSuccess);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(nullptr, 0, 1), kBadParameter);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(object, 0, 0), kBadParameter);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(object, 0, kObjectSize + 1), kBadParameter);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(object, kObjectSize - 1, 2), kBadParameter);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(object, kObjectSize, 1), kBadParameter);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(object, ~0ULL, 1), kOverflow);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(object, 1, ~0ULL), kOverflow);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(reduce(object), 0, kObjectSize), kSuccess);
}

TEST_F(ObjectsTest, FlushNeedsACpuMapping) {
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(gpu_object(), 0, 1), kNotPermitted);
    const Object idle = allocate(reconciled({raw_list(module_, kObjectSize)}));
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(idle, 0, 1), kNotPermitted);
}

TEST_F(ObjectsTest, ValidateDoesNothing) {
    EXPECT_EQ(NvSciBufObjValidate(cpu_object()), kSuccess);
    EXPECT_EQ(NvSciBufObjValidate(nullptr), kSuccess) << "documented: the argument is unused";
}

TEST_F(ObjectsTest, EverythingMayBeFreedInAnyOrder) {
    for (int order = 0; order < 6; ++order) {
        Module module = open_module();
        List list = raw_list(module, kObjectSize);
        ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
        List result = reconciled({list});
        Object object = allocate(result);
        Object reduced = reduce(object);
        pointer(object)[0] = 3;
        const unsigned char* bytes = const_pointer(reduced);
        // What is freed before the reduced object is still used.
        if (order % 2 == 0) module.reset();
        if (order % 3 != 0) object.reset();
        if (order > 2) result.reset();
        list.reset();
        EXPECT_EQ(bytes[0], 3);
        const Object again = dup(reduced);
        reduced.reset();
        EXPECT_EQ(const_pointer(again), bytes);
        EXPECT_EQ(bytes[0], 3);
        if (result.get() != nullptr) {
            EXPECT_NE(allocate(result).get(), nullptr);
        }
    }
}

}  // namespace
}  // namespace opennvsci::test
