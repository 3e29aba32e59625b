// SPDX-License-Identifier: Apache-2.0
//
// Whether the program's look-ups and calls of the driver come by here, as far as a process can be asked.
//
// Found is that another dlsym stands before ours, because this library was loaded when the program was running already
// or stands behind in the order of libraries; that a library of the program is bound to the driver's own function,
// because the driver stands before us; and that a third library, which may hand on to us or not, stands before us with
// a function of the table. Not to be found are modules loaded with RTLD_DEEPBIND, or by dlmopen into a namespace of
// their own: they do not see this library.
#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <link.h>

#include <atomic>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <string_view>

#include "api/interposer.h"
#include "base/c_library.h"
#include "base/loaded_objects.h"
#include "interpose/redirection.h"

extern "C" const char* opennvsciInterposerFinding(bool* is_certain);

namespace opennvsci::interpose {
namespace {

constexpr std::string_view kHelp =
    " Start the program with `opennvsci run PROGRAM`; OPENNVSCI_INTERPOSE=0 silences this";

constexpr const char* kSymbols[] = {
#define OPENNVSCI_NAME(base, symbol, from, until, streams) #symbol,
    OPENNVSCI_INTERPOSED(OPENNVSCI_NAME)
#undef OPENNVSCI_NAME
};

struct Place {
    const void* base = nullptr;
    std::string path;
};

// Whether a library of the driver's name is loaded. To ask dlopen searches all folders if none is.
bool has_driver() noexcept {
    const auto is_driver = [](dl_phdr_info* library, std::size_t, void*) {
        const std::string_view path = library->dlpi_name;
        return path.substr(path.rfind('/') + 1).starts_with("libcuda.so") ? 1 : 0;
    };
    const LookAtLoadedObjects held;
    return ::dl_iterate_phdr(is_driver, nullptr) != 0;
}

// What a look-up of the program finds: with RTLD_NOLOAD, the driver if it is loaded.
class LoadedDriver {
  public:
    LoadedDriver() : handle_(::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD)) {}
    ~LoadedDriver() {
        if (handle_ != nullptr) ::dlclose(handle_);
    }
    LoadedDriver(const LoadedDriver&) = delete;
    LoadedDriver& operator=(const LoadedDriver&) = delete;
    [[nodiscard]] void* handle() const { return handle_; }

  private:
    void* const handle_;
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

// Asks as the CUDA runtime does: the first dlsym of the program. Another tool's may stand first and hand on to ours.
std::string finding_about_look_ups(void* program, void* driver, const Place& here) {
    void* const first_dlsym = c_library::look_up(program, "dlsym");
    if (first_dlsym == nullptr) return {};
    const void* found = reinterpret_cast<c_library::Dlsym*>(first_dlsym)(driver, "cuImportExternalMemory");
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
std::string finding_about_linked_calls(void* program, const Place& driver) {
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

// Tools that are preloaded to count or limit memory are of this kind. What they do with a pointer that they did not see
// allocated is theirs to decide.
std::string finding_about_tools(void* program, void* driver_handle, const Place& here, const Place& driver) {
    Place tool;
    std::set<std::string_view> symbols;
    const auto look_at = [&](const char* symbol, const void* function, const void* caller) {
        const Place place = place_of(function);
        if (place.base == nullptr || place.base == here.base || place.base == driver.base) return;
        if (place.base == caller || (tool.base != nullptr && place.base != tool.base)) return;
        tool = place;
        symbols.insert(symbol);
    };
    link_map* library = nullptr;
    if (::dlinfo(program, RTLD_DI_LINKMAP, static_cast<void*>(&library)) != 0) return {};
    for (; library != nullptr; library = library->l_next) {
        const void* const caller = place_of(library->l_ld).base;
        (void)NeededSymbols(*library).find([&](const char* name) {
            look_at(name, c_library::look_up(program, name), caller);
            return false;
        });
    }
    const auto first_dlsym = reinterpret_cast<c_library::Dlsym*>(c_library::look_up(program, "dlsym"));
    for (const char* symbol : kSymbols) {
        if (first_dlsym != nullptr) look_at(symbol, first_dlsym(driver_handle, symbol), nullptr);
    }
    if (tool.base == nullptr) return {};
    return fmt::format(
        "{} stands before OpenNvSci with {}: it gets these calls first, also for NvSci objects, which it does not "
        "know. "
        "If it does not hand them on, they fail.{}",
        tool.path, fmt::join(symbols, ", "), kHelp);
}

struct Finding {
    std::string text;
    bool is_certain = true;
};

Finding finding(void* driver_handle) {
    const Place here = place_of(reinterpret_cast<const void*>(&opennvsciInterposerFinding));
    const Place driver = place_of(c_library::look_up(driver_handle, "cuInit"));
    void* program = ::dlopen(nullptr, RTLD_LAZY);
    if (program == nullptr || here.base == nullptr) return {};
    Finding found{finding_about_look_ups(program, driver_handle, here)};
    if (found.text.empty()) found.text = finding_about_linked_calls(program, driver);
    if (found.text.empty()) found = {finding_about_tools(program, driver_handle, here, driver), false};
    ::dlclose(program);
    return found;
}

// Found once, and not under a guard: the look-ups wait for the dynamic linker, which may be at work on a library whose
// constructor comes here too.
const Finding& finding_of_process(void* driver_handle) {
    static std::atomic<const Finding*> known{nullptr};
    if (const Finding* found = known.load(std::memory_order_acquire)) return *found;
    auto made = std::make_unique<const Finding>(finding(driver_handle));
    const Finding* first = nullptr;
    return known.compare_exchange_strong(first, made.get()) ? *made.release() : *first;
}

}  // namespace
}  // namespace opennvsci::interpose

// Exported, so that this library can be recognised in the order of a program's libraries.
extern "C" const char* opennvsciInterposerFinding(bool* is_certain) {
    using namespace opennvsci::interpose;  // NOLINT(google-build-using-namespace): an extern "C" function
    if (!enabled() || !has_driver()) return nullptr;
    try {
        const LoadedDriver driver;
        if (driver.handle() == nullptr) return nullptr;
        const Finding& found = finding_of_process(driver.handle());
        *is_certain = found.is_certain;
        return found.text.c_str();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

namespace {

[[gnu::constructor]] void make_known() {
    opennvsci::api::register_interposer(opennvsciInterposerFinding);
}

}  // namespace
