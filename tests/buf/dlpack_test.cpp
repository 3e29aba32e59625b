// SPDX-License-Identifier: Apache-2.0
//
// Pointers of devices that belong to the object, and tensors of DLPack, which keep what they show (opennvsci_dlpack.h),
// and capsules of Python, which own such tensors (opennvsci_python.h).
#include <thread>

#include "api/dlpack_abi.h"
#include "api/inspection_document.h"
#include "buf_objects.h"
#include "buf_test.h"
#include "cuda/mapped_pointers.h"
#include "cuda_objects.h"
#include "failure_walk.h"
#include "memory_gate.h"
#include "opennvsci.h"
#include "opennvsci_python.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

using dlpack::DLManagedTensor;
using dlpack::DLManagedTensorVersioned;
using dlpack::DLTensor;

constexpr std::uint64_t kBytes = 4096;

// A tensor of rows and columns of 32-bit floats.
struct Matrix {
    Matrix(void* data, std::int32_t device_type, std::int64_t rows, std::int64_t columns)
        : shape{rows, columns}, strides{columns, 1} {
        tensor = {data, {device_type, 0}, 2, {2, 32, 1}, shape.data(), strides.data(), 0};
    }
    std::array<std::int64_t, 2> shape;
    std::array<std::int64_t, 2> strides;
    DLTensor tensor{};
};

class DlpackTest : public BufTest {
  protected:
    static void* cpu_pointer(NvSciBufObj object) {
        const void* pointer = nullptr;
        EXPECT_EQ(NvSciBufObjGetConstCpuPtr(object, &pointer), kSuccess);
        return const_cast<void*>(pointer);
    }
    static std::uint64_t cuda_pointer(NvSciBufObj object, std::uint32_t device = 0) {
        std::uint64_t pointer = 0;
        EXPECT_EQ(opennvsciBufObjGetCudaPtr(object, device, &pointer), kSuccess) << opennvsciGetLastErrorText();
        return pointer;
    }
    template <class Managed>
    static Managed* made(NvSciBufObj object, const DLTensor& tensor, bool is_copied = false) {
        void* managed = nullptr;
        const std::uint32_t version = std::is_same_v<Managed, DLManagedTensorVersioned> ? 1 : 0;
        EXPECT_EQ(opennvsciBufObjExportDlpack(object, &tensor, version, is_copied, &managed), kSuccess)
            << opennvsciGetLastErrorText();
        return static_cast<Managed*>(managed);
    }
    static void refused(NvSciBufObj object, const DLTensor& tensor, std::string_view part, std::uint32_t version = 1,
                        bool is_copied = false, NvSciError code = kBadParameter) {
        void* managed = nullptr;
        EXPECT_EQ(opennvsciBufObjExportDlpack(object, &tensor, version, is_copied, &managed), code) << part;
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), std::string(part)));
        EXPECT_EQ(managed, nullptr);
    }
    [[nodiscard]] Object of_both() const {
        const List list = gpu_list(kBytes);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
        return allocate(reconciled({list}));
    }
};

TEST_F(DlpackTest, ADevicePointerIsOneForEachContext) {
    const Object object = allocate(reconciled({gpu_list(kBytes)}));
    const std::uint64_t pointer = cuda_pointer(object);
    EXPECT_EQ(cuda_pointer(object), pointer);
    const Object other = allocate(reconciled({gpu_list(kBytes)}));
    EXPECT_NE(cuda_pointer(other), pointer);
    EXPECT_EQ(TestDevice::instance().store(pointer, 7), cu::CUDA_SUCCESS);
    {
        const OwnContext own;
        EXPECT_EQ(TestDevice::instance().store(cuda_pointer(object), 8), cu::CUDA_SUCCESS);
    }
    EXPECT_EQ(TestDevice::instance().read(pointer, 4)[0], 8);
    EXPECT_EQ(cuda_pointer(object), pointer) << "the context that had the other one is gone";
}

TEST_F(DlpackTest, ADeviceThatIsNotThereIsRefused) {
    const Object object = allocate(reconciled({gpu_list(kBytes)}));
    std::uint64_t pointer = 0;
    for (const std::uint32_t device : {99U, 0x80000000U, 0xFFFFFFFFU})
        EXPECT_EQ(opennvsciBufObjGetCudaPtr(object, device, &pointer), kBadParameter);
    const OpenNvSciRefusal* refusal = nullptr;
    EXPECT_EQ(opennvsciGetLastRefusal(&refusal), kSuccess);
    EXPECT_EQ(refusal->cudaResult, cu::CUDA_ERROR_INVALID_DEVICE);
    EXPECT_EQ(opennvsciBufObjGetCudaPtr(object, 0, nullptr), kBadParameter);
    EXPECT_EQ(opennvsciBufObjGetCudaPtr(nullptr, 0, &pointer), kBadParameter);
    EXPECT_EQ(pointer, 0U);
}

TEST_F(DlpackTest, ThreadsThatMapAtOnceGetOnePointer) {
    const Object object = allocate(reconciled({gpu_list(kBytes)}));
    std::array<std::uint64_t, 8> pointers{};
    std::vector<std::thread> threads;
    for (std::uint64_t& pointer : pointers) {
        threads.emplace_back([&] {
            TestDevice::instance().make_current();
            pointer = cuda_pointer(object);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(std::count(pointers.begin(), pointers.end(), pointers.front()), 8);
}

std::size_t mappings() {
    return cuda::MappedPointers::instance().for_each_own(0, [](auto&&...) {});
}

TEST_F(DlpackTest, WhatIsMappedInAContextGoesWithIt) {
    const Object object = allocate(reconciled({gpu_list(kBytes)}));
    std::uint64_t pointer = 0;
    for (int i = 0; i < 5; ++i) {
        const OwnContext own;
        pointer = cuda_pointer(object);
        EXPECT_EQ(mappings(), 1U);
    }
    refused(object, Matrix(reinterpret_cast<void*>(pointer), dlpack::kCuda, 1, 1).tensor, "not inside");
}

// What could not be waited for, because there was no memory, goes with the next.
TEST_F(DlpackTest, AnExhaustedHeapLosesNoMapping) {
    in_new_process([this] {
        walk_failure_points(kHeapAlone, [&](FailurePoint& point) {
            const OwnContext own;
            Object object = of_both();
            const Matrix matrix(reinterpret_cast<void*>(cuda_pointer(object)), dlpack::kCuda, 1, 1);
            auto* const last = made<DLManagedTensorVersioned>(object, matrix.tensor);
            const Object other = of_both();
            cuda_pointer(other);
            object = {};
            EXPECT_EQ(mappings(), 2U);
            point.arm();
            last->deleter(last);
            point.disarm();
        });
        EXPECT_EQ(mappings(), 0U);
    });
}

TEST_F(DlpackTest, OnlyTheContextsOfTheObjectAreWaitedFor) {
    in_new_process([this] {
        const driver::EntryPoints& cuda = TestDevice::instance().cuda();
        Object object = of_both();
        cuda_pointer(object);
        const OwnContext other;
        const Stream stream;
        MemoryGate gate(cuda);
        gate.hold(stream);
        object = {};
        EXPECT_TRUE(is_held(cuda, stream));
    });
}

TEST_F(DlpackTest, AForkedChildIsRefused) {
    SKIP_WHERE_FORKS_STAND_STILL();
    const Object object = of_both();
    const Matrix matrix(reinterpret_cast<void*>(cuda_pointer(object)), dlpack::kCuda, 1, 1);
    const auto findings = findings_of_forked_child([&](Findings& child) {
        void* managed = nullptr;
        child.check(opennvsciBufObjExportDlpack(object, &matrix.tensor, 1, false, &managed) == NvSciError_InvalidState,
                    "a tensor of the parent's device");
    });
    EXPECT_EQ(findings, "");
}

// A thread without a context gets the primary one, which stays as long as the library is used.
TEST_F(DlpackTest, ThePrimaryContextServesAThreadThatHasNone) {
    const Object object = allocate(reconciled({gpu_list(kBytes)}));
    std::uint64_t pointer = 0;
    std::thread([&] { pointer = cuda_pointer(object); }).join();
    EXPECT_EQ(TestDevice::instance().store(pointer, 7), cu::CUDA_SUCCESS);
    expect_differences("retained contexts +1; ");
}

// The last tensor frees the memory at once, in a thread that has never seen CUDA.
TEST_F(DlpackTest, TensorsKeepTheMemoryOfTheirObject) {
    const LeakCheck before;
    Object object = of_both();
    const Matrix on_cpu(cpu_pointer(object), dlpack::kCpu, 3, 4);
    const Matrix on_device(reinterpret_cast<void*>(cuda_pointer(object)), dlpack::kCuda, 32, 32);
    auto* const one = made<DLManagedTensor>(object, on_cpu.tensor);
    auto* const other = made<DLManagedTensorVersioned>(object, on_device.tensor);
    object = {};
    EXPECT_NE(before.differences_now(), "");
    std::memset(one->dl_tensor.data, 1, 48);
    EXPECT_EQ(one->dl_tensor.shape[0], 3);
    EXPECT_EQ(one->dl_tensor.strides[0], 4);
    EXPECT_EQ(TestDevice::instance().read(reinterpret_cast<std::uint64_t>(other->dl_tensor.data), 1)[0], 1);
    EXPECT_EQ(other->version.major, 1U);
    EXPECT_EQ(other->flags, 0U);
    std::thread([&] {
        one->deleter(one);
        other->deleter(other);
    }).join();
    EXPECT_EQ(before.differences_now(), "");
}

TEST_F(DlpackTest, AnInspectionTellsOfTensors) {
    Object object = of_both();
    const Matrix matrix(cpu_pointer(object), dlpack::kCpu, 4, 8);
    auto* const tensor = made<DLManagedTensorVersioned>(object, matrix.tensor);
    object.reset();
    EXPECT_TRUE(contains(api::inspection_document(), "\"handles\":[],\"imports\":[],\"mappings\":[],"));
    EXPECT_TRUE(contains(api::inspection_document(), "\"tensors\":[{\"number\":"));
    tensor->deleter(tensor);
    EXPECT_FALSE(contains(api::inspection_document(), "\"tensors\":[{"));
}

TEST_F(DlpackTest, ReadOnlyStaysReadOnly) {
    const Object object = allocate(reconciled({cpu_list(kBytes)}));
    const Object reader = make<Object>(NvSciBufObjDupWithReducePerm, object.get(), NvSciBufAccessPerm_Readonly);
    const Matrix matrix(cpu_pointer(reader), dlpack::kCpu, 3, 4);
    refused(reader, matrix.tensor, "read-only", 0, false, NvSciError_NotPermitted);
    auto* const versioned = made<DLManagedTensorVersioned>(reader, matrix.tensor);
    EXPECT_EQ(versioned->flags, dlpack::kReadOnly);
    versioned->deleter(versioned);
    auto* const copied = made<DLManagedTensor>(reader, matrix.tensor, true);
    std::memset(copied->dl_tensor.data, 1, 48);
    copied->deleter(copied);
    EXPECT_EQ(*static_cast<const char*>(matrix.tensor.data), 0);
}

TEST_F(DlpackTest, WhatIsNotInsideTheObjectIsRefused) {
    const Object object = of_both();
    auto* const start = static_cast<char*>(cpu_pointer(object));
    const auto fits = [&](const Matrix& matrix) {
        auto* const managed = made<DLManagedTensorVersioned>(object, matrix.tensor);
        managed->deleter(managed);
    };
    fits({start, dlpack::kCpu, 32, 32});
    fits({start + kBytes, dlpack::kCpu, 0, 32});
    refused(object, Matrix(start, dlpack::kCpu, 33, 32).tensor, "not inside");
    refused(object, Matrix(start + 1, dlpack::kCpu, 32, 32).tensor, "not inside");
    refused(object, Matrix(start - 1, dlpack::kCpu, 1, 1).tensor, "not inside");
    refused(object, Matrix(nullptr, dlpack::kCpu, 1, 1).tensor, "not inside");
    refused(object, Matrix(start, 10, 1, 1).tensor, "not inside");
    refused(object, Matrix(reinterpret_cast<void*>(0x1000), dlpack::kCuda, 1, 1).tensor, "not inside");
    Matrix matrix(start, dlpack::kCpu, 2, 2);
    matrix.tensor.byte_offset = kBytes - 12;
    refused(object, matrix.tensor, "not inside");
    matrix.tensor.byte_offset = ~std::uint64_t{0};
    refused(object, matrix.tensor, "not inside");
    matrix.tensor.byte_offset = 0;
    matrix.tensor.dtype.bits = 0;
    refused(object, matrix.tensor, "no bits");
    matrix.tensor.dtype = {2, 32, 0};
    refused(object, matrix.tensor, "no bits");
    matrix.tensor.dtype.lanes = 1;
    for (const auto& empty : {std::array<std::int64_t, 2>{0, INT64_MAX}, {INT64_MAX, 0}}) {
        matrix.shape = empty;
        fits(matrix);
    }
    for (const std::int64_t bad : {std::int64_t{-1}, INT64_MIN, INT64_MAX}) {
        matrix.shape = {2, bad};
        refused(object, matrix.tensor, bad < 0 ? "negative" : "");
        matrix.shape = {3, 2};
        matrix.strides = {bad, 1};
        refused(object, matrix.tensor, bad < 0 ? "negative" : "");
        matrix.strides = {2, 1};
    }
    for (const std::int32_t dimensions : {-1, 65, INT32_MIN, INT32_MAX}) {
        matrix.tensor.ndim = dimensions;
        refused(object, matrix.tensor, "dimensions");
    }
    matrix.tensor.ndim = 2;
    refused(object, matrix.tensor, "version", 2);
    const Matrix on_device(reinterpret_cast<void*>(cuda_pointer(object)), dlpack::kCuda, 1, 1);
    refused(object, on_device.tensor, "copied", 1, true);
    refused(nullptr, matrix.tensor, "bufObj");
    matrix.tensor.strides = nullptr;
    refused(object, matrix.tensor, "strides");
    void* managed = nullptr;
    EXPECT_EQ(opennvsciBufObjExportDlpack(object, nullptr, 1, false, &managed), kBadParameter);
    EXPECT_EQ(opennvsciBufObjExportDlpack(object, &on_device.tensor, 1, false, nullptr), kBadParameter);
}

// Capsules as Python has them.
struct PlayedCapsule {
    std::string name;
    void* pointer;
    void (*destructor)(void* capsule);
};

constexpr OpenNvSciPython kPlayed{
    [](void* pointer, const char* name, void (*destructor)(void*)) -> void* {
        return new PlayedCapsule{name, pointer, destructor};
    },
    [](void* capsule, const char* name) { return int{static_cast<PlayedCapsule*>(capsule)->name == name}; },
    [](void* capsule, const char*) { return static_cast<PlayedCapsule*>(capsule)->pointer; },
    [](void* exception, const char* text) { *static_cast<std::string*>(exception) = text; }, nullptr};

TEST_F(DlpackTest, ACapsuleThatNobodyTookDeletesItsTensor) {
    const LeakCheck before;
    Object object = allocate(reconciled({cpu_list(kBytes)}));
    const Matrix matrix(cpu_pointer(object), dlpack::kCpu, 3, 4);
    std::vector<std::unique_ptr<PlayedCapsule>> capsules;
    for (const std::uint32_t version : {0U, 1U, 0U}) {
        void* const capsule = opennvsciBufObjExportCapsule(object, &matrix.tensor, version, false, &kPlayed);
        ASSERT_NE(capsule, nullptr) << opennvsciGetLastErrorText();
        capsules.emplace_back(static_cast<PlayedCapsule*>(capsule));
    }
    EXPECT_EQ(capsules[0]->name, "dltensor");
    EXPECT_EQ(capsules[1]->name, "dltensor_versioned");
    capsules[2]->name = "used_dltensor";
    object = {};
    for (const auto& capsule : capsules)
        capsule->destructor(capsule.get());
    EXPECT_NE(before.differences_now(), "");
    auto* const taken = static_cast<DLManagedTensor*>(capsules[2]->pointer);
    taken->deleter(taken);
    EXPECT_EQ(before.differences_now(), "");
}

TEST_F(DlpackTest, ACapsuleThatCannotBeMadeSaysWhy) {
    const Object object = allocate(reconciled({cpu_list(kBytes)}));
    const Matrix matrix(cpu_pointer(object), dlpack::kCpu, 3, 4);
    std::string raised;
    OpenNvSciPython python = kPlayed;
    python.bufferError = &raised;
    python.newCapsule = [](void*, const char*, void (*)(void*)) -> void* { return nullptr; };
    const auto said = [&](NvSciBufObj of, const void* tensor, std::uint32_t version, const OpenNvSciPython* functions) {
        EXPECT_EQ(opennvsciBufObjExportCapsule(of, tensor, version, false, functions), nullptr);
        return std::string(opennvsciGetLastErrorText());
    };
    for (const std::uint32_t version : {0U, 1U})
        EXPECT_TRUE(contains(said(object, &matrix.tensor, version, &python), "Python has made no capsule"));
    EXPECT_TRUE(contains(raised, "Python has made no capsule"));
    python.newCapsule = kPlayed.newCapsule;
    EXPECT_TRUE(contains(said(object, &matrix.tensor, 2, &python), "version"));
    EXPECT_TRUE(contains(said(object, &matrix.tensor, 1, nullptr), "functions"));
    EXPECT_TRUE(contains(said(object, nullptr, 1, &python), "tensor"));
    EXPECT_TRUE(contains(said(nullptr, &matrix.tensor, 1, &python), "bufObj"));
}

}  // namespace
}  // namespace opennvsci::test
