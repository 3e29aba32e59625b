// SPDX-License-Identifier: Apache-2.0
//
// Whether the program's look-ups and calls of the driver come by here, as far as a process can be asked.
//
// Found is that another dlsym stands before ours, because this library was loaded when the program was running already
// or stands behind in the order of libraries; and that a library of the program is bound to the driver's own function,
// because the driver stands before us. Not to be found are modules loaded with RTLD_DEEPBIND, or by dlmopen into a
// namespace of their own: they do not see this library.
#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <atomic>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "api/interposer.h"
#include "base/c_library.h"
#include "interpose/redirection.h"

namespace opennvsci::interpose {
namespace {

constexpr std::string_view kHelp =
    " Start the program with `opennvsci run -- PROGRAM`; OPENNVSCI_INTERPOSE=0 silences this";

struct Place {
    const void* base = nullptr;
    std::string path;
};

Place place_of(const void* address) {
    Dl_info info{};
    if (address == nullptr || ::dladdr(address, &info) == 0) return {};
    return {info.dli_fbase, info.dli_fname != nullptr ? info.dli_fname : ""};
}

// The part of a loaded library's dynamic section that lists the symbols it takes from others. GNU's hash table covers
// only what the library defines, and starts behind what it takes. The dynamic linker has made addresses of the offsets
// in the section, except in the kernel's own library, which it cannot write to.
class NeededSymbols {
  public:
    explicit NeededSymbols(const link_map& library) {
        for (const ElfW(Dyn)* entry = library.l_ld; entry->d_tag != DT_NULL; ++entry) {
            const auto value = entry->d_un.d_ptr;
            const auto address = reinterpret_cast<const void*>(value < library.l_addr ? value + library.l_addr : value);
            if (entry->d_tag == DT_SYMTAB) symbols_ = static_cast<const ElfW(Sym)*>(address);
            if (entry->d_tag == DT_STRTAB) names_ = static_cast<const char*>(address);
            if (entry->d_tag == DT_GNU_HASH) count_ = static_cast<const std::uint32_t*>(address)[1];
        }
    }

    /// The first symbol of the table that the library takes and that `is_wanted`; null if there is none.
    template <class Predicate>
    [[nodiscard]] const char* find(Predicate is_wanted) const {
        if (symbols_ == nullptr || names_ == nullptr) return nullptr;
        for (std::uint32_t i = 1; i < count_; ++i) {
            const char* name = names_ + symbols_[i].st_name;
            if (symbols_[i].st_shndx == SHN_UNDEF && is_interposed(name) && is_wanted(name)) return name;
        }
        return nullptr;
    }

  private:
    const ElfW(Sym) * symbols_ = nullptr;
    const char* names_ = nullptr;
    std::uint32_t count_ = 0;
};

bool is_driver_loaded() {
    void* driver = ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (driver == nullptr) return false;
    ::dlclose(driver);
    return true;
}

// Asks as the CUDA runtime does: the first dlsym of the program. Another tool's may stand first and hand on to ours.
std::string finding_about_look_ups(void* program, const Place& here) {
    void* const first_dlsym = c_library::look_up(program, "dlsym");
    void* const driver = ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (first_dlsym == nullptr || driver == nullptr) return {};
    const void* found = reinterpret_cast<c_library::Dlsym*>(first_dlsym)(driver, "cuImportExternalMemory");
    ::dlclose(driver);
    if (place_of(found).base == here.base) return {};
    const Place first = place_of(first_dlsym);
    const bool is_in_program = c_library::look_up(program, "opennvsciInterposerFinding") != nullptr;
    return fmt::format(
        "the CUDA runtime of this program does not see NvSci objects and will refuse them (801, not supported): {} {}."
        "{}",
        here.path,
        is_in_program ? fmt::format("stands behind {} in the order of libraries", first.path)
                      : "was loaded when the program was running already",
        kHelp);
}

// Only what is bound to the driver itself: a tool that stands before us may well hand its calls on to us.
std::string finding_about_linked_calls(void* program) {
    const Place driver = place_of(c_library::look_up(program, "cuInit"));
    link_map* library = nullptr;
    if (::dlinfo(program, RTLD_DI_LINKMAP, static_cast<void*>(&library)) != 0) return {};
    for (; library != nullptr; library = library->l_next) {
        Place other;
        const char* symbol = NeededSymbols(*library).find([&](const char* name) {
            other = place_of(c_library::look_up(program, name));
            return other.base != nullptr && other.base == driver.base;
        });
        if (symbol == nullptr) continue;
        const std::string_view name = library->l_name;
        return fmt::format(
            "{} calls {} of {} directly, which does not know NvSci objects and will refuse them (801, not supported): "
            "the driver stands before libnvscibuf in the order of libraries. Link with -lnvscibuf before -lcuda.{}",
            name.empty() ? "the program" : name, symbol, other.path, kHelp);
    }
    return {};
}

std::string finding() {
    const Place here = place_of(reinterpret_cast<const void*>(&opennvsciInterposerFinding));
    void* program = ::dlopen(nullptr, RTLD_LAZY);
    if (program == nullptr || here.base == nullptr) return {};
    std::string text = finding_about_look_ups(program, here);
    if (text.empty()) text = finding_about_linked_calls(program);
    ::dlclose(program);
    return text;
}

}  // namespace
}  // namespace opennvsci::interpose

// Not the guard of a static: the dynamic linker is asked, and the constructor of a plug-in may come here while it is
// held.
const char* opennvsciInterposerFinding() {
    using namespace opennvsci::interpose;  // NOLINT(google-build-using-namespace): an extern "C" function
    static constinit std::atomic<const std::string*> found{nullptr};  // never destroyed
    const std::string* text = found.load(std::memory_order_acquire);
    if (text == nullptr) {
        if (!enabled() || !is_driver_loaded()) return nullptr;
        try {
            auto made = std::make_unique<const std::string>(finding());
            if (found.compare_exchange_strong(text, made.get(), std::memory_order_acq_rel)) text = made.release();
        } catch (const std::bad_alloc&) {
            return nullptr;  // the next call looks again
        }
    }
    return text->empty() ? nullptr : text->c_str();
}
