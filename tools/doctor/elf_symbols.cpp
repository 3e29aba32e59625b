// SPDX-License-Identifier: Apache-2.0
#include "doctor/elf_symbols.h"

#include <algorithm>
#include <optional>
#include <string>

namespace opennvsci::tool {
namespace {

constexpr std::uint64_t kMostSymbols = kMostOfAPart / sizeof(Elf64_Sym);

std::optional<std::uint64_t> count_by_hash(const ElfImage& image, std::uint64_t table) {
    const auto start = image.bytes_at(table, 2 * sizeof(std::uint32_t));
    if (!start) return std::nullopt;
    return structure_at<std::uint32_t>(*start, sizeof(std::uint32_t));  // one chain for each symbol
}

// GNU's table covers the symbols that are defined, which come last: the end of the last chain is their end.
std::optional<std::uint64_t> count_by_gnu_hash(const ElfImage& image, std::uint64_t table) {
    constexpr std::uint64_t kWord = sizeof(std::uint32_t);
    const auto start = image.bytes_at(table, 4 * kWord);
    if (!start) return std::nullopt;
    const std::uint64_t bucket_count = structure_at<std::uint32_t>(*start, 0);
    const std::uint64_t first = structure_at<std::uint32_t>(*start, kWord);
    const std::uint64_t filter_words = structure_at<std::uint32_t>(*start, 2 * kWord);
    const std::uint64_t buckets = table + 4 * kWord + filter_words * sizeof(std::uint64_t);
    const auto bucket_bytes = image.bytes_at(buckets, bucket_count * kWord);
    if (!bucket_bytes) return std::nullopt;
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < bucket_count; ++i)
        last = std::max<std::uint64_t>(last, structure_at<std::uint32_t>(*bucket_bytes, i * kWord));
    if (last < first) return first;
    const std::uint64_t chains = buckets + bucket_count * kWord;
    const std::uint64_t rest = chains + (last - first) * kWord;
    constexpr std::uint64_t kStep = 4096;
    for (std::uint64_t at = rest;;) {
        const auto bytes = image.bytes_at(at, std::min(image.length_from(at), kStep));
        if (!bytes || bytes->size() < kWord || last > kMostSymbols) return std::nullopt;
        for (std::size_t i = 0; i + kWord <= bytes->size(); i += kWord, ++last) {
            if ((structure_at<std::uint32_t>(*bytes, i) & 1) != 0) return last + 1;
        }
        at += bytes->size() / kWord * kWord;
    }
}

// What linkers write in front of the names. A program that exports nothing has a table of GNU's kind without a word
// about the symbols that it takes.
std::uint64_t count_by_place(const ElfImage& image, const SymbolTables& tables) {
    const auto& header = image.header();
    if (header.e_shentsize != sizeof(Elf64_Shdr)) return 0;
    const auto bytes = image.bytes(header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr));
    for (std::size_t at = 0; bytes && at < bytes->size(); at += sizeof(Elf64_Shdr)) {
        const auto section = structure_at<Elf64_Shdr>(*bytes, at);
        if (section.sh_type == SHT_DYNSYM && section.sh_addr == tables.symbols)
            return section.sh_size / sizeof(Elf64_Sym);
    }
    return 0;
}

}  // namespace

Result<> read_symbols(const ElfImage& image, const SymbolTables& tables, std::string_view names, ElfFile& file) {
    if (tables.symbols == 0) return {};
    std::uint64_t count = count_by_place(image, tables);
    if (tables.hash != 0) count = std::max(count, count_by_hash(image, tables.hash).value_or(0));
    if (tables.gnu_hash != 0) {
        const auto hashed = count_by_gnu_hash(image, tables.gnu_hash);
        if (!hashed) return fail("is an ELF file whose table of symbols cannot be read");
        count = std::max(count, *hashed);
    }
    const auto symbols =
        count > kMostSymbols ? std::nullopt : image.bytes_at(tables.symbols, count * sizeof(Elf64_Sym));
    if (!symbols) return fail("is an ELF file whose symbols cannot be read");
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto symbol = structure_at<Elf64_Sym>(*symbols, i * sizeof(Elf64_Sym));
        if (symbol.st_name >= names.size()) continue;
        const std::string_view rest = names.substr(symbol.st_name);
        if (!is_of_interest(rest)) continue;
        const auto end = rest.find('\0');
        if (end == std::string_view::npos) continue;
        const auto bind = ELF64_ST_BIND(symbol.st_info);
        if (bind != STB_GLOBAL && bind != STB_WEAK) continue;
        const bool is_taken = symbol.st_shndx == SHN_UNDEF;
        if (is_taken && bind == STB_WEAK) continue;  // whose absence is no mistake
        (is_taken ? file.undefined : file.defined).emplace(rest.substr(0, end));
    }
    return {};
}

}  // namespace opennvsci::tool
