// SPDX-License-Identifier: Apache-2.0
//
// Object: memory with a right and the reconciled list that describes it. Several NvSciBufObj handles may refer to one
// Object (NvSciBufObjDup); reducing the permission makes another Object on the same memory. An Object owns its list and
// shares the memory, so both outlive the module and the list it was allocated from.
#pragma once

#include <memory>

#include "attr/list.h"
#include "base/process.h"
#include "base/since.h"
#include "buf/extent.h"
#include "buf/module.h"
#include "memory/allocation.h"

namespace opennvsci::buf {

class Object {
  public:
    /// Allocates memory as the reconciled list says; the new object may read and write it.
    /// Errors: ResourceError if the memory cannot be had.
    [[nodiscard]] static Result<std::shared_ptr<Object>> allocate(std::shared_ptr<Module> module,
                                                                  const attr::List& reconciled);

    /// An object with `right` on memory that is there, as what a peer made and granted. The permission of `reconciled`,
    /// which describes it, does not count; `how` says for reports how the object came by its own. Errors: ResourceError
    /// if the CPU's mapping cannot be had.
    [[nodiscard]] static Result<std::shared_ptr<Object>> on_memory(std::shared_ptr<Module> module,
                                                                   const attr::List& reconciled,
                                                                   std::shared_ptr<memory::Allocation> allocation,
                                                                   memory::Right right, attr::Text how);

    /// An object on the same memory with `right`: the same one if it has it. Errors: BadParameter if it has less,
    /// ResourceError.
    [[nodiscard]] static Result<std::shared_ptr<Object>> with_right(const std::shared_ptr<Object>& object,
                                                                    memory::Right right);

    [[nodiscard]] const std::shared_ptr<Module>& module() const noexcept { return module_; }
    [[nodiscard]] const std::shared_ptr<attr::List>& list() const noexcept { return list_; }
    [[nodiscard]] const Since& since() const noexcept { return since_; }
    [[nodiscard]] memory::Allocation& allocation() const noexcept { return *allocation_; }
    [[nodiscard]] memory::Right right() const noexcept { return right_; }
    /// False in a forked child, which owns nothing of what its parent made.
    [[nodiscard]] bool is_of_this_process() const noexcept { return maker_ == process::token(); }
    /// True if NvSciBufType_Image is one of its types.
    [[nodiscard]] bool is_image() const;
    [[nodiscard]] Extent extent() const { return extent_of(list_->reconciled()); }

    /// Agrees that a process takes part that will write, beside those that may have been told that nobody else does.
    /// Errors: ReconciliationFailed if the kernel was asked to refuse all writers but this process.
    [[nodiscard]] Result<> admit_writer();

    /// The start address for the CPU, for at most this object's right. Errors: BadParameter if the list does not grant
    /// CPU access or `wanted` exceeds the right.
    [[nodiscard]] Result<void*> cpu_address(memory::Right wanted) const;

  private:
    Object(std::shared_ptr<Module> module, std::shared_ptr<attr::List> list,
           std::shared_ptr<memory::Allocation> allocation, memory::Right right)
        : module_(std::move(module)), list_(std::move(list)), allocation_(std::move(allocation)), right_(right) {}

    [[nodiscard]] bool has_cpu_access() const;

    std::shared_ptr<Module> module_;
    std::shared_ptr<attr::List> list_;
    std::shared_ptr<memory::Allocation> allocation_;
    memory::Right right_;
    const Since since_;
    const std::uint64_t maker_ = process::token();
};

}  // namespace opennvsci::buf
