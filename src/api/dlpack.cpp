// SPDX-License-Identifier: Apache-2.0
//
// Objects as arrays of other libraries: opennvsci_dlpack.h and opennvsci_python.h.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "api/call.h"
#include "api/dlpack_abi.h"
#include "api/handles.h"
#include "base/checked.h"
#include "base/process.h"
#include "base/unaligned.h"
#include "cuda/object_mappings.h"
#include "opennvsci.h"
#include "opennvsci_dlpack.h"
#include "opennvsci_python.h"

using namespace opennvsci;          // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using namespace opennvsci::dlpack;  // NOLINT(google-build-using-namespace): DLPack's own names

namespace {

constexpr std::int32_t kMostDimensions = 64;  // as NumPy has

// A tensor as the caller describes it, read once.
struct Described {
    DLTensor tensor;
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;
    std::uint64_t size;  // bytes from its first element to the end of its last one

    [[nodiscard]] std::uint64_t address() const noexcept {
        return reinterpret_cast<std::uint64_t>(tensor.data) + tensor.byte_offset;
    }
};

// What a managed tensor owns. A forked child owns nothing of it.
template <class Managed>
struct Owner {
    static void end(Managed* managed) noexcept {
        auto* const owner = static_cast<Owner*>(managed->manager_ctx);
        if (owner->maker == process::token()) delete owner;
    }

    Owner() = default;
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    ~Owner() {
        if (number != 0) api::tensors().close(number);
    }

    Described described;
    std::uint64_t number = 0;  // of what it keeps alive; 0: it has
    std::vector<std::byte> copy;
    const std::uint64_t maker = process::token();
    Managed managed{};
};

// The bytes that elements take; nothing if they have none, are negative or too many.
std::optional<std::uint64_t> size_of(const Described& described) {
    const DLDataType type = described.tensor.dtype;
    const std::uint64_t element = (std::uint64_t{type.bits} * type.lanes + 7) / 8;
    const auto is_negative = [](std::int64_t number) { return number < 0; };
    if (element == 0 || std::ranges::any_of(described.shape, is_negative) ||
        std::ranges::any_of(described.strides, is_negative)) {
        return std::nullopt;
    }
    if (std::ranges::find(described.shape, 0) != described.shape.end()) return 0;
    std::uint64_t last = 0;  // in elements
    for (std::size_t i = 0; i < described.shape.size(); ++i) {
        const auto step = checked::multiply<std::uint64_t>(described.shape[i] - 1, described.strides[i]);
        const auto sum = step ? checked::add(last, *step) : std::nullopt;
        if (!sum) return std::nullopt;
        last = *sum;
    }
    const auto count = checked::add<std::uint64_t>(last, 1);
    return count ? checked::multiply(*count, element) : std::nullopt;
}

Result<Described> describe(const void* tensor) {
    Described described{load_once<DLTensor>(tensor), {}, {}, 0};
    const DLTensor& told = described.tensor;
    if (told.ndim < 0 || told.ndim > kMostDimensions) {
        return fail(NvSciError_BadParameter,
                    fmt::format("{} dimensions; a tensor has 0 to {}", told.ndim, kMostDimensions));
    }
    if (told.ndim > 0) {
        if (told.shape == nullptr) return api::null_argument("shape of the tensor");
        if (told.strides == nullptr) return api::null_argument("strides of the tensor");
        described.shape.assign(told.shape, told.shape + told.ndim);
        described.strides.assign(told.strides, told.strides + told.ndim);
    }
    const auto size = size_of(described);
    if (!size) {
        return fail(NvSciError_BadParameter,
                    "elements of the tensor have no bits, or shape or strides are negative or exceed 64 bits");
    }
    described.size = *size;
    return described;
}

Result<bool> is_inside(cuda::ObjectMappings& memory, const Described& described) {
    const DLDevice device = described.tensor.device;
    if (device.device_type == kCuda) {
        return memory.shows(static_cast<unsigned>(device.device_id), described.address(), described.size);
    }
    if (device.device_type != kCpu || device.device_id != 0) return false;
    const buf::Object& object = *memory.object();
    const auto start = object.cpu_address(memory::Right::read_only);
    return start && described.address() >= reinterpret_cast<std::uint64_t>(*start) &&
           checked::window_fits<std::uint64_t>(described.address() - reinterpret_cast<std::uint64_t>(*start),
                                               described.size, object.extent().size);
}

template <class Managed>
Result<std::unique_ptr<Owner<Managed>>> owner_of(Described&& described, std::shared_ptr<cuda::ObjectMappings>&& memory,
                                                 bool is_copied) {
    auto owner = std::make_unique<Owner<Managed>>();
    owner->described = std::move(described);
    DLTensor& tensor = owner->managed.dl_tensor;
    tensor = owner->described.tensor;
    tensor.shape = owner->described.shape.data();
    tensor.strides = owner->described.strides.data();
    if (is_copied) {
        const auto* const from = reinterpret_cast<const std::byte*>(owner->described.address());
        owner->copy.assign(from, from + owner->described.size);
        tensor.data = owner->copy.data();
        tensor.byte_offset = 0;
    } else {
        owner->number = api::tensors().insert({std::move(memory)});
        if (owner->number == 0) return fail(NvSciError_InvalidState, "too many live tensors");
    }
    owner->managed.manager_ctx = owner.get();
    owner->managed.deleter = Owner<Managed>::end;
    return owner;
}

Result<> export_dlpack(std::shared_ptr<cuda::ObjectMappings> memory, const void* tensor, std::uint32_t version,
                       bool is_copied, void** managed) {
    OPENNVSCI_TRY_ASSIGN(described, describe(tensor));
    OPENNVSCI_TRY_ASSIGN(inside, is_inside(*memory, described));
    if (!inside) {
        return fail(NvSciError_BadParameter,
                    "the tensor is not inside the object: its address must be one that the object has on its device");
    }
    if (is_copied && described.tensor.device.device_type != kCpu) {
        return fail(NvSciError_BadParameter, "only tensors of the CPU are copied");
    }
    const bool is_read_only = memory->object()->right() == memory::Right::read_only && !is_copied;
    if (version == 1) {
        OPENNVSCI_TRY_ASSIGN(owner,
                             owner_of<DLManagedTensorVersioned>(std::move(described), std::move(memory), is_copied));
        owner->managed.version = {1, 0};
        owner->managed.flags = (is_read_only ? kReadOnly : 0) | (is_copied ? kIsCopied : 0);
        *managed = &owner.release()->managed;
        return {};
    }
    if (version != 0) {
        return fail_unmet(NvSciError_BadParameter, {"version", std::to_string(version), "0 or 1"},
                          "the major version of DLPack is {found}, and must be {needed}");
    }
    if (is_read_only) {
        return fail(NvSciError_NotPermitted, {"version", "0", "1"},
                    "the object is read-only, which DLPack before version 1.0 cannot say");
    }
    OPENNVSCI_TRY_ASSIGN(owner, owner_of<DLManagedTensor>(std::move(described), std::move(memory), is_copied));
    *managed = &owner.release()->managed;
    return {};
}

template <class Managed>
void end(void* tensor) {
    auto* const managed = static_cast<Managed*>(tensor);
    managed->deleter(managed);
}

// By the version of DLPack: the name of a capsule that nobody took, and what ends its tensor.
struct CapsuleKind {
    const char* name;
    void (*end)(void* tensor);
};
constexpr CapsuleKind kCapsules[] = {{"dltensor", end<DLManagedTensor>},
                                     {"dltensor_versioned", end<DLManagedTensorVersioned>}};

// Of the Python that capsules were made for, for their destructor, which is told the capsule alone.
std::atomic<decltype(OpenNvSciPython::isValid)> g_is_valid;
std::atomic<decltype(OpenNvSciPython::getPointer)> g_get_pointer;

// It leaves the thread as it is, with an exception that may be on its way.
void free_capsule(void* capsule) {
    for (const CapsuleKind& kind : kCapsules) {
        if (g_is_valid.load()(capsule, kind.name) == 0) continue;
        kind.end(g_get_pointer.load()(capsule, kind.name));
        return;
    }
}

}  // namespace

NvSciError opennvsciBufObjGetCudaPtr(NvSciBufObj bufObj, uint32_t device, uint64_t* pointer) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire(api::objects(), bufObj, "bufObj"));
        if (pointer == nullptr) return api::null_argument("pointer");
        OPENNVSCI_TRY_ASSIGN(found, entry->mappings->pointer(device));
        *pointer = found;
        return {};
    });
}

NvSciError opennvsciBufObjExportDlpack(NvSciBufObj bufObj, const void* tensor, uint32_t version, bool isCopied,
                                       void** managed) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire(api::objects(), bufObj, "bufObj"));
        if (tensor == nullptr) return api::null_argument("tensor");
        if (managed == nullptr) return api::null_argument("managed");
        return export_dlpack(entry->mappings, tensor, version, isCopied, managed);
    });
}

void* opennvsciBufObjExportCapsule(NvSciBufObj bufObj, const void* tensor, uint32_t version, bool isCopied,
                                   const OpenNvSciPython* functions) {
    void* capsule = nullptr;
    (void)api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire(api::objects(), bufObj, "bufObj"));
        if (tensor == nullptr) return api::null_argument("tensor");
        if (functions == nullptr) return api::null_argument("functions");
        void* managed = nullptr;
        OPENNVSCI_TRY(export_dlpack(entry->mappings, tensor, version, isCopied, &managed));
        g_is_valid = functions->isValid;
        g_get_pointer = functions->getPointer;
        capsule = functions->newCapsule(managed, kCapsules[version].name, free_capsule);
        if (capsule != nullptr) return {};
        kCapsules[version].end(managed);
        return fail(NvSciError_InsufficientMemory, "Python has made no capsule");
    });
    if (capsule == nullptr && functions != nullptr) {
        functions->setError(functions->bufferError, opennvsciGetLastErrorText());
    }
    return capsule;
}
