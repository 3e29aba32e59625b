// SPDX-License-Identifier: Apache-2.0
//
// The exported dlsym: how programs, and the CUDA runtime in all its forms, find the driver's functions (driver-facts.md
// F36).
//
// The real function looks at its return address to tell what RTLD_NEXT and RTLD_DEFAULT mean, so for every name that is
// not ours the wrapper must leave by a jump, with the stack as it came; hence assembly. A name that does not start with
// "cu" costs two comparisons. The wrapper must work before any constructor has run, in a program under a sanitizer too,
// so nothing here is instrumented (src/CMakeLists.txt) and the first call only looks for the next dlsym.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "base/c_library.h"
#include "interpose/redirection.h"

namespace opennvsci::interpose {

extern "C" {

/// The dlsym that would be called without us: the C library's, or another wrapper's between it and us. Null at first.
__attribute__((visibility("hidden"))) c_library::Dlsym* opennvsci_next_dlsym = nullptr;

/// Finds and stores it. Threads that do this at the same time find the same.
__attribute__((visibility("hidden"))) c_library::Dlsym* opennvsci_find_next_dlsym() {
    c_library::Dlsym* const real = c_library::dlsym();
    void* const next = real != nullptr ? real(RTLD_NEXT, "dlsym") : nullptr;
    c_library::Dlsym* const found = next != nullptr ? reinterpret_cast<c_library::Dlsym*>(next) : real;
    if (found == nullptr) {
        constexpr std::string_view kText = "opennvsci: error: this C library has no dlsym of a known version\n";
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kText.data(), kText.size());
        std::abort();
    }
    __atomic_store_n(&opennvsci_next_dlsym, found, __ATOMIC_RELAXED);
    return found;
}

/// For a name that starts with "cu": what the program gets, or null if the next dlsym has to be asked from where the
/// program asked. That is so for RTLD_NEXT: whoever says that wants what lies behind itself.
__attribute__((visibility("hidden"))) void* opennvsci_redirected_symbol(void* library, const char* symbol) {
    if (library == RTLD_NEXT || !enabled() || !is_interposed(symbol)) return nullptr;
    c_library::Dlsym* next = __atomic_load_n(&opennvsci_next_dlsym, __ATOMIC_RELAXED);
    if (next == nullptr) next = opennvsci_find_next_dlsym();
    void* const found = next(library, symbol);
    return found != nullptr ? redirect_symbol(symbol, found) : nullptr;
}

}  // extern "C"

}  // namespace opennvsci::interpose

#if defined(__x86_64__)

// rdi is the library, rsi the symbol.
asm(R"(
    .text
    .globl dlsym
    .type dlsym, @function
    .p2align 4
dlsym:
    .cfi_startproc
    endbr64
    testq %rsi, %rsi
    je 1f
    cmpb $'c', (%rsi)
    jne 1f
    cmpb $'u', 1(%rsi)
    je 3f
1:  movq opennvsci_next_dlsym(%rip), %rax
    testq %rax, %rax
    je 2f
    jmp *%rax
2:  pushq %rdi
    .cfi_adjust_cfa_offset 8
    pushq %rsi
    .cfi_adjust_cfa_offset 8
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    call opennvsci_find_next_dlsym
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %rsi
    .cfi_adjust_cfa_offset -8
    popq %rdi
    .cfi_adjust_cfa_offset -8
    jmp *%rax
3:  pushq %rdi
    .cfi_adjust_cfa_offset 8
    pushq %rsi
    .cfi_adjust_cfa_offset 8
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    call opennvsci_redirected_symbol
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %rsi
    .cfi_adjust_cfa_offset -8
    popq %rdi
    .cfi_adjust_cfa_offset -8
    testq %rax, %rax
    je 1b
    ret
    .cfi_endproc
    .size dlsym, . - dlsym
)");

#elif defined(__aarch64__)

// x0 is the library, x1 the symbol.
asm(R"(
    .text
    .globl dlsym
    .type dlsym, %function
    .p2align 4
dlsym:
    .cfi_startproc
    hint #34
    cbz x1, 1f
    ldrb w2, [x1]
    cmp w2, #'c'
    b.ne 1f
    ldrb w2, [x1, #1]
    cmp w2, #'u'
    b.eq 3f
1:  adrp x16, opennvsci_next_dlsym
    ldr x16, [x16, #:lo12:opennvsci_next_dlsym]
    cbz x16, 2f
    br x16
2:  stp x29, x30, [sp, #-32]!
    .cfi_adjust_cfa_offset 32
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    mov x29, sp
    stp x0, x1, [sp, #16]
    bl opennvsci_find_next_dlsym
    mov x16, x0
    ldp x0, x1, [sp, #16]
    ldp x29, x30, [sp], #32
    .cfi_restore x29
    .cfi_restore x30
    .cfi_adjust_cfa_offset -32
    br x16
3:  stp x29, x30, [sp, #-32]!
    .cfi_adjust_cfa_offset 32
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    mov x29, sp
    stp x0, x1, [sp, #16]
    bl opennvsci_redirected_symbol
    mov x16, x0
    ldp x0, x1, [sp, #16]
    ldp x29, x30, [sp], #32
    .cfi_restore x29
    .cfi_restore x30
    .cfi_adjust_cfa_offset -32
    cbz x16, 1b
    mov x0, x16
    ret
    .cfi_endproc
    .size dlsym, . - dlsym
)");

#else
#error "dlsym of this processor is not written: a jump that leaves the stack as it came"
#endif
