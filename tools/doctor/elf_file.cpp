// SPDX-License-Identifier: Apache-2.0
#include "doctor/elf_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "doctor/elf_image.h"
#include "doctor/elf_symbols.h"

namespace opennvsci::tool {
namespace {

// What the dynamic section says, not yet looked at.
struct DynamicSection {
    std::vector<std::uint64_t> needed;
    std::vector<std::uint64_t> auxiliary;
    std::optional<std::uint64_t> name;
    std::optional<std::uint64_t> rpath;
    std::optional<std::uint64_t> runpath;
    std::uint64_t flags = 0;  // DT_FLAGS_1
    SymbolTables tables;
    std::uint64_t names_size = 0;
};

DynamicSection read_dynamic(std::string_view bytes) {
    DynamicSection section;
    for (std::size_t at = 0; at + sizeof(Elf64_Dyn) <= bytes.size(); at += sizeof(Elf64_Dyn)) {
        const auto entry = structure_at<Elf64_Dyn>(bytes, at);
        const std::uint64_t value = entry.d_un.d_val;
        switch (entry.d_tag) {
            case DT_NULL:
                return section;
            case DT_NEEDED:
                section.needed.push_back(value);
                break;
            case DT_AUXILIARY:
                section.auxiliary.push_back(value);
                break;
            case DT_SONAME:
                section.name = value;
                break;
            case DT_RPATH:
                section.rpath = value;
                break;
            case DT_RUNPATH:
                section.runpath = value;
                break;
            case DT_FLAGS_1:
                section.flags = value;
                break;
            case DT_STRTAB:
                section.tables.names = value;
                break;
            case DT_STRSZ:
                section.names_size = value;
                break;
            case DT_SYMTAB:
                section.tables.symbols = value;
                break;
            case DT_HASH:
                section.tables.hash = value;
                break;
            case DT_GNU_HASH:
                section.tables.gnu_hash = value;
                break;
            default:
                break;
        }
    }
    return section;
}

// The name at the offset; empty if the table does not hold it whole.
std::string name_at(std::string_view names, std::uint64_t offset) {
    if (offset >= names.size()) return {};
    const std::string_view rest = names.substr(offset);
    const auto end = rest.find('\0');
    return end == std::string_view::npos ? std::string() : std::string(rest.substr(0, end));
}

std::vector<std::string> names_at(std::string_view names, const std::vector<std::uint64_t>& offsets) {
    constexpr std::size_t kMostNames = 4096;
    std::vector<std::string> all;
    for (const std::uint64_t offset : offsets) {
        std::string name = name_at(names, offset);
        if (!name.empty() && all.size() < kMostNames) all.push_back(std::move(name));
    }
    return all;
}

// The name of its shared memory, which stays in a program that was stripped of its symbols. In two parts, because this
// program is looked at too.
constexpr std::string_view kMarkStart = "/cudart";
constexpr std::string_view kMarkEnd = ".shm.";

bool has_mark(std::string_view bytes) {
    for (std::size_t at = 0; (at = bytes.find(kMarkStart, at)) != std::string_view::npos; ++at) {
        if (bytes.substr(at + kMarkStart.size()).starts_with(kMarkEnd)) return true;
    }
    return false;
}

// The runtime is a static library too, of which nothing else is left. What is linked in lies in the first part of a
// file, which its kernels follow.
bool holds_cuda_runtime(const ElfImage& image) {
    constexpr std::uint64_t kMostSearched = std::uint64_t{64} << 20;
    constexpr std::uint64_t kStep = std::uint64_t{1} << 20;
    std::uint64_t searched = 0;
    for (const Elf64_Phdr& segment : image.segments()) {
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
        for (std::uint64_t at = 0; at < segment.p_filesz && searched < kMostSearched; at += kStep, searched += kStep) {
            const std::uint64_t length = std::min(segment.p_filesz - at, kStep + kMarkStart.size() + kMarkEnd.size());
            const auto bytes =
                segment.p_offset > UINT64_MAX - at ? std::nullopt : image.bytes(segment.p_offset + at, length);
            if (!bytes) break;
            if (has_mark(*bytes)) return true;
        }
    }
    return false;
}

Result<std::string> read_interpreter(const ElfImage& image) {
    const Elf64_Phdr* const segment = image.segment(PT_INTERP);
    if (segment == nullptr) return {};
    constexpr std::uint64_t kLongestPath = 4096;
    const auto bytes =
        segment->p_filesz > kLongestPath ? std::nullopt : image.bytes(segment->p_offset, segment->p_filesz);
    if (!bytes) return fail("is an ELF file whose dynamic linker cannot be read");
    return bytes->substr(0, bytes->find('\0'));
}

}  // namespace

bool is_of_interest(std::string_view symbol) {
    constexpr std::string_view kBeginnings[] = {"NvSci", "nvsci", "opennvsci", "cu", "dlsym"};
    return std::any_of(std::begin(kBeginnings), std::end(kBeginnings),
                       [&](std::string_view beginning) { return symbol.starts_with(beginning); });
}

Result<ElfFile> read_elf_file(const std::string& path) {
    OPENNVSCI_TRY_ASSIGN(image, ElfImage::open(path));
    ElfFile file;
    file.path = path;
    file.has_rights_of_its_own = (image.mode() & (S_ISUID | S_ISGID)) != 0;
    OPENNVSCI_TRY_ASSIGN(interpreter, read_interpreter(image));
    file.interpreter = std::move(interpreter);
    const Elf64_Phdr* const dynamic = image.segment(PT_DYNAMIC);
    if (dynamic == nullptr) {
        file.kind = ElfFile::Kind::static_program;
        return file;
    }
    const auto bytes = image.bytes(dynamic->p_offset, dynamic->p_filesz);
    if (!bytes) return fail("is an ELF file whose dynamic section cannot be read");
    const DynamicSection section = read_dynamic(*bytes);
    const bool is_pie = (section.flags & DF_1_PIE) != 0;
    file.kind = !file.interpreter.empty()                    ? ElfFile::Kind::program
                : is_pie || image.header().e_type == ET_EXEC ? ElfFile::Kind::static_program
                                                             : ElfFile::Kind::library;
    const auto names = image.bytes_at(section.tables.names, section.names_size);
    if (!names) return fail("is an ELF file whose names cannot be read");
    file.needed = names_at(*names, section.needed);
    file.auxiliary = names_at(*names, section.auxiliary);
    if (section.name) file.name = name_at(*names, *section.name);
    if (section.rpath) file.rpath = name_at(*names, *section.rpath);
    if (section.runpath) file.runpath = name_at(*names, *section.runpath);
    OPENNVSCI_TRY(read_symbols(image, section.tables, *names, file));
    // The runtime looks its functions up.
    if (file.undefined.contains("dlsym")) file.holds_cuda_runtime = holds_cuda_runtime(image);
    return file;
}

}  // namespace opennvsci::tool
