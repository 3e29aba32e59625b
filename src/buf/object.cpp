// SPDX-License-Identifier: Apache-2.0
#include "buf/object.h"

#include <fmt/format.h>

#include "base/log.h"
#include "buf/buffer_type.h"
#include "buf/keys.h"
#include "buf/participants.h"
#include "buf/peers.h"
#include "buf/permission.h"
#include "memory/driver_memory.h"
#include "memory/file_memory.h"

namespace opennvsci::buf {
namespace {

using memory::Right;

bool is_image(const attr::Slot& slot) {
    return includes(types_of(slot), NvSciBufType_Image);
}

// Arrays are mapped on block-linear images, and nothing can map them read-only.
bool can_be_written_as_array(const attr::Slot& slot) {
    return is_image(slot) &&
           slot.scalar<std::uint32_t>(NvSciBufImageAttrKey_Layout) == std::uint32_t{NvSciBufImage_BlockLinearType};
}

// How an object came by a permission that is not that of its reconciliation; null where it is. Of a read-only one it
// says where its right is not held up.
std::shared_ptr<const attr::Amendment> amendment_of(const attr::List& list, Right right, attr::Text how) {
    const std::uint32_t key = NvSciBufGeneralAttrKey_ActualPerm;
    const attr::Slot& result = list.reconciled();
    attr::Suggestion suggestion;
    if (right == Right::read_only && can_be_written_as_array(result)) {
        how = fmt::format(
            "{}; CPU and GPU map the memory read-only, but the driver cannot stop copies into an array that "
            "is mapped on the image",
            how.c_str());
        suggestion = "map the planes as buffers where a reader is not trusted";
    } else if (result.scalar<NvSciBufAttrValAccessPerm>(key) == permission_of(right)) {
        return list.amendment();
    }
    attr::Decision decision{attr::Outcome::computed, std::move(how), std::move(suggestion), attr::Reason::follows};
    return std::make_shared<const attr::Amendment>(attr::Amendment{key, std::move(decision)});
}

std::shared_ptr<const attr::Slot> result_with_permission(const attr::List& list, NvSciBufAttrValAccessPerm permission) {
    const attr::Slot& result = list.reconciled();
    if (result.scalar<NvSciBufAttrValAccessPerm>(NvSciBufGeneralAttrKey_ActualPerm) == permission) {
        return list.shared_result();
    }
    auto changed = std::make_shared<attr::Slot>(result);
    changed->put_scalar(NvSciBufGeneralAttrKey_ActualPerm, permission);
    return changed;
}

// The object's own list: the reconciled one with the permission of this object.
std::shared_ptr<attr::List> list_with_permission(const attr::List& list, Right right, attr::Text how) {
    return std::make_shared<attr::List>(result_with_permission(list, permission_of(right)), list.report(),
                                        amendment_of(list, right, std::move(how)));
}

// Who only hands the memory on leaves it to those who use it when its pages appear.
memory::FileMemory::Pages pages_for(const attr::Slot& reconciled) {
    const auto users = participants_of(reconciled);
    const bool is_used = !users || users->cpu || !users->gpus.empty();
    return is_used ? memory::FileMemory::Pages::now : memory::FileMemory::Pages::when_touched;
}

Result<std::shared_ptr<memory::Allocation>> allocate_memory(const attr::Slot& reconciled) {
    const Extent extent = extent_of(reconciled);
    const auto domain = reconciled.required<memory::Domain>(kMemoryDomain);
    if (domain == memory::Domain::system) {
        return memory::FileMemory::create(extent.size, extent.alignment, pages_for(reconciled));
    }
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    OPENNVSCI_TRY_ASSIGN(device, memory_device_of(*driver, reconciled));
    const bool compressible = reconciled.scalar<bool>(kMemoryCompressed).value_or(false);
    return memory::DriverMemory::create(*driver, *device, {domain, extent.size, extent.alignment, compressible});
}

}  // namespace

Result<std::shared_ptr<Object>> Object::allocate(std::shared_ptr<Module> module, const attr::List& reconciled) {
    OPENNVSCI_TRY_ASSIGN(allocation, allocate_memory(reconciled.reconciled()));
    // What a peer waits for is done here, where nobody does; and a reader must not close what another is to write.
    if (reconciled.has_peers()) {
        if (any_peer_writes(reconciled)) OPENNVSCI_TRY(allocation->open_to_writers());
        OPENNVSCI_TRY(allocation->prepare_for_peers());
    }
    std::shared_ptr<Object> object(new Object(
        std::move(module),
        list_with_permission(reconciled, Right::read_write, "this process made the object, and may write it"),
        std::move(allocation), Right::read_write));
    if (log::enabled(log::Level::debug)) {
        const std::uint64_t size = object->extent().size;
        const std::string domain = text_of(reconciled.reconciled(), kMemoryDomain);
        log::write(log::Level::debug, fmt::format("allocated {} bytes in {}", size, domain));
    }
    // Mapped now, so that asking for the pointer later cannot fail for want of address space.
    if (object->has_cpu_access()) OPENNVSCI_TRY(object->cpu_address(Right::read_write));
    return object;
}

Result<std::shared_ptr<Object>> Object::on_memory(std::shared_ptr<Module> module, const attr::List& reconciled,
                                                  std::shared_ptr<memory::Allocation> allocation, Right right,
                                                  attr::Text how) {
    std::shared_ptr<Object> object(new Object(
        std::move(module), list_with_permission(reconciled, right, std::move(how)), std::move(allocation), right));
    if (object->has_cpu_access()) OPENNVSCI_TRY(object->cpu_address(right));
    return object;
}

Result<std::shared_ptr<Object>> Object::with_right(const std::shared_ptr<Object>& object, Right right) {
    if (right == object->right_) return object;
    if (right == Right::read_write) {
        return fail(NvSciError_BadParameter, {"permission", "Readonly", "ReadWrite"},
                    "the object is read-only: a permission can be reduced, never raised");
    }
    return on_memory(object->module_, *object->list_, object->allocation_, right, "the object was reduced to it");
}

Result<> Object::admit_writer() {
    auto opened = allocation_->open_to_writers();
    if (!opened) return fail(NvSciError_ReconciliationFailed, std::move(opened).error().text);
    return {};
}

bool Object::is_image() const {
    return buf::is_image(list_->reconciled());
}

bool Object::has_cpu_access() const {
    return list_->reconciled().scalar<bool>(NvSciBufGeneralAttrKey_NeedCpuAccess).value_or(false);
}

Result<void*> Object::cpu_address(Right wanted) const {
    if (!has_cpu_access()) {
        return fail(NvSciError_BadParameter, {"NvSciBufGeneralAttrKey_NeedCpuAccess", "false", "true"},
                    "the buffer has no CPU access: no list of this process set NvSciBufGeneralAttrKey_NeedCpuAccess "
                    "true");
    }
    if (wanted == Right::read_write && right_ == Right::read_only) {
        return fail(NvSciError_BadParameter, {"permission", "Readonly", "ReadWrite"},
                    "the object is read-only (ActualPerm Readonly); NvSciBufObjGetConstCpuPtr gives a pointer");
    }
    return allocation_->cpu_address(right_);
}

}  // namespace opennvsci::buf
