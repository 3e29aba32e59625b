// SPDX-License-Identifier: Apache-2.0
//
// ElfImage: an ELF file as its program headers lay it out: bytes by the addresses that they would have in memory.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/input_file.h"

namespace opennvsci::tool {

/// More of anything, in bytes, is in no file that is worth reading.
inline constexpr std::uint64_t kMostOfAPart = std::uint64_t{128} << 20;

/// A structure at the offset of the bytes, which must hold it.
template <class Structure>
[[nodiscard]] Structure structure_at(std::string_view bytes, std::size_t offset) {
    Structure structure;
    std::memcpy(&structure, bytes.substr(offset, sizeof(Structure)).data(), sizeof(Structure));
    return structure;
}

class ElfImage {
  public:
    /// Errors: it is no ELF file, or not one of 64 bits, little-endian and for this machine; it is cut off.
    [[nodiscard]] static Result<ElfImage> open(const std::string& path);

    [[nodiscard]] const Elf64_Ehdr& header() const noexcept { return header_; }
    [[nodiscard]] unsigned mode() const noexcept { return file_.mode(); }
    [[nodiscard]] const std::vector<Elf64_Phdr>& segments() const noexcept { return segments_; }
    /// The first segment of this type; null if there is none.
    [[nodiscard]] const Elf64_Phdr* segment(std::uint32_t type) const noexcept;

    /// Bytes of the file; none if it does not have them all, or if they are too many.
    [[nodiscard]] std::optional<std::string> bytes(std::uint64_t offset, std::uint64_t length) const;
    /// Bytes of the file by their address.
    [[nodiscard]] std::optional<std::string> bytes_at(std::uint64_t address, std::uint64_t length) const;
    /// The number of bytes from the address to the end of its segment in the file.
    [[nodiscard]] std::uint64_t length_from(std::uint64_t address) const noexcept;

  private:
    explicit ElfImage(InputFile file) : file_(std::move(file)) {}
    [[nodiscard]] const Elf64_Phdr* loaded_segment(std::uint64_t address) const noexcept;

    InputFile file_;
    Elf64_Ehdr header_{};
    std::vector<Elf64_Phdr> segments_;
};

/// Errors: it is no ELF file that can be read here.
[[nodiscard]] Result<Elf64_Ehdr> checked_header(const InputFile& file);

}  // namespace opennvsci::tool
