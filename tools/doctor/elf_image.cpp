// SPDX-License-Identifier: Apache-2.0
#include "doctor/elf_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "doctor/elf_file.h"

namespace opennvsci::tool {
namespace {

constexpr std::size_t kMostSegments = 4096;

#if defined(__x86_64__)
constexpr unsigned kThisMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kThisMachine = EM_AARCH64;
#else
constexpr unsigned kThisMachine = EM_NONE;
#endif

}  // namespace

std::string machine_text(unsigned machine) {
    switch (machine) {
        case EM_X86_64:
            return "x86-64";
        case EM_AARCH64:
            return "AArch64";
        case EM_386:
            return "x86 of 32 bits";
        case EM_ARM:
            return "ARM of 32 bits";
        default:
            return fmt::format("the machine with the number {}", machine);
    }
}

Result<Elf64_Ehdr> checked_header(const InputFile& file) {
    const std::string start = file.read_start(sizeof(Elf64_Ehdr));
    if (start.size() < SELFMAG || std::memcmp(start.data(), ELFMAG, SELFMAG) != 0) return fail("is no ELF file");
    if (start.size() < sizeof(Elf64_Ehdr)) return fail("is an ELF file that is cut off in its header");
    if (start[EI_CLASS] != ELFCLASS64) return fail("is an ELF file of 32 bits; OpenNvSci is for 64 bits");
    if (start[EI_DATA] != ELFDATA2LSB) return fail("is an ELF file of a big-endian machine");
    const auto header = structure_at<Elf64_Ehdr>(start, 0);
    if (header.e_machine != kThisMachine) {
        return fail(fmt::format("is for {}, and this machine is {}", machine_text(header.e_machine),
                                machine_text(kThisMachine)));
    }
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
        return fail("is an ELF file that is neither a program nor a library");
    return header;
}

bool is_for_this_machine(const std::string& path) {
    const auto file = InputFile::open(path);
    return file && checked_header(*file);
}

Result<ElfImage> ElfImage::open(const std::string& path) {
    auto file = InputFile::open(path);
    if (!file) return tl::make_unexpected(std::move(file).error());
    ElfImage image(*std::move(file));
    OPENNVSCI_TRY_ASSIGN(header, checked_header(image.file_));
    image.header_ = header;
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > kMostSegments)
        return fail("is an ELF file whose program headers cannot be read");
    const auto bytes = image.file_.read(header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr));
    if (!bytes) return fail("is an ELF file that is cut off before its program headers");
    for (std::size_t i = 0; i < header.e_phnum; ++i)
        image.segments_.push_back(structure_at<Elf64_Phdr>(*bytes, i * sizeof(Elf64_Phdr)));
    return image;
}

const Elf64_Phdr* ElfImage::segment(std::uint32_t type) const noexcept {
    const auto found = std::find_if(segments_.begin(), segments_.end(),
                                    [&](const Elf64_Phdr& segment) { return segment.p_type == type; });
    return found == segments_.end() ? nullptr : &*found;
}

const Elf64_Phdr* ElfImage::loaded_segment(std::uint64_t address) const noexcept {
    const auto found = std::find_if(segments_.begin(), segments_.end(), [&](const Elf64_Phdr& segment) {
        return segment.p_type == PT_LOAD && address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz;
    });
    return found == segments_.end() ? nullptr : &*found;
}

std::optional<std::string> ElfImage::bytes(std::uint64_t offset, std::uint64_t length) const {
    if (length > kMostOfAPart) return std::nullopt;
    return file_.read(offset, length);
}

std::optional<std::string> ElfImage::bytes_at(std::uint64_t address, std::uint64_t length) const {
    const Elf64_Phdr* const segment = loaded_segment(address);
    if (segment == nullptr || length > length_from(address)) return std::nullopt;
    const std::uint64_t offset = address - segment->p_vaddr;
    if (segment->p_offset > UINT64_MAX - offset) return std::nullopt;
    return bytes(segment->p_offset + offset, length);
}

std::uint64_t ElfImage::length_from(std::uint64_t address) const noexcept {
    const Elf64_Phdr* const segment = loaded_segment(address);
    return segment == nullptr ? 0 : segment->p_filesz - (address - segment->p_vaddr);
}

}  // namespace opennvsci::tool
