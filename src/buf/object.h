// SPDX-License-Identifier: Apache-2.0
//
// Object: memory with a right and the reconciled list that describes it. Several NvSciBufObj handles may refer to one
// Object (NvSciBufObjDup); reducing the permission makes another Object on the same memory. An Object owns its list and
// shares the memory, so both outlive the module and the list it was allocated from.
#pragma once

#include <memory>

#include "attr/list.h"
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

    /// An object on the same memory with `right`: the same one if it has it. Errors: BadParameter if it has less,
    /// ResourceError.
    [[nodiscard]] static Result<std::shared_ptr<Object>> with_right(const std::shared_ptr<Object>& object,
                                                                    memory::Right right);

    [[nodiscard]] const std::shared_ptr<Module>& module() const noexcept { return module_; }
    [[nodiscard]] const std::shared_ptr<attr::List>& list() const noexcept { return list_; }
    [[nodiscard]] memory::Allocation& allocation() const noexcept { return *allocation_; }
    [[nodiscard]] memory::Right right() const noexcept { return right_; }
    /// True if NvSciBufType_Image is one of its types.
    [[nodiscard]] bool is_image() const;
    [[nodiscard]] Extent extent() const { return extent_of(list_->reconciled()); }

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
};

}  // namespace opennvsci::buf
