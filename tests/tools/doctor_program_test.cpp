// SPDX-License-Identifier: Apache-2.0
//
// What `opennvsci doctor PROGRAM` says of a program: reading files that may be anything, the order of libraries held
// against the dynamic linker's own, and the shapes of programs that docs/porting.md has in a table.
#include <elf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "command.h"
#include "doctor.h"
#include "doctor/elf_file.h"
#include "doctor/library_search.h"
#include "doctor/load_order.h"
#include "doctor/program.h"

namespace opennvsci::tool {
namespace {

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::filesystem::path small_program() {
    return program_folder() / "opennvsci_needs_its_library";
}

// A header and one segment, which make a static program.
std::string smallest_program() {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_EXEC;
#if defined(__x86_64__)
    header.e_machine = EM_X86_64;
#else
    header.e_machine = EM_AARCH64;
#endif
    header.e_phoff = sizeof(header);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 1;
    Elf64_Phdr segment{};
    segment.p_type = PT_LOAD;
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
    return bytes.append(reinterpret_cast<const char*>(&segment), sizeof(segment));
}

class ElfFileTest : public CommandTest {
  protected:
    [[nodiscard]] std::string error_of(const std::string& bytes) const {
        write_file("file", bytes);
        const auto file = read_elf_file((folder_ / "file").string());
        return file ? "none" : file.error().text;
    }
};

TEST_F(ElfFileTest, ReadsWhatTheDynamicLinkerReads) {
    const auto program = read_elf_file(small_program().string());
    ASSERT_TRUE(program) << program.error().text;
    EXPECT_EQ(program->kind, ElfFile::Kind::program);
    EXPECT_TRUE(program->undefined.contains("NvSciBufModuleOpen"));
    ASSERT_FALSE(program->needed.empty());
    EXPECT_EQ(program->needed.front(), "libnvscibuf.so.2");
    EXPECT_FALSE(program->interpreter.empty());

    const auto library = read_elf_file(built("lib/libnvscibuf.so.2"));
    ASSERT_TRUE(library) << library.error().text;
    EXPECT_EQ(library->kind, ElfFile::Kind::library);
    EXPECT_EQ(library->name, "libnvscibuf.so.2");
    EXPECT_EQ(library->auxiliary, std::vector<std::string>{"libopennvsci-interpose.so.0"});
    EXPECT_TRUE(library->defined.contains("NvSciBufModuleOpen"));
    EXPECT_FALSE(library->undefined.contains("NvSciBufModuleOpen"));
}

// What is taken weakly may be missing, and is no mistake.
TEST_F(ElfFileTest, PassesOverWeakSymbols) {
    const auto library = read_elf_file((program_folder() / "failing_driver" / "libcuda.so.1").string());
    ASSERT_TRUE(library) << library.error().text;
    EXPECT_TRUE(library->defined.contains("cuInit"));
    EXPECT_FALSE(library->undefined.contains("cuIsNowhere"));
}

// The runtime is told by the name of its shared memory, in a program that looks functions up.
TEST_F(ElfFileTest, FindsTheStaticRuntime) {
    const auto holds_runtime = [&](const std::string& bytes) {
        write_file("file", bytes);
        const auto file = read_elf_file((folder_ / "file").string());
        return file && file->holds_cuda_runtime;
    };
    std::string bytes = bytes_of(program_folder() / "opennvsci_names_its_driver");
    EXPECT_FALSE(holds_runtime(bytes));
    const auto text = bytes.find("software device");
    ASSERT_NE(text, std::string::npos);
    bytes.replace(text, 12, "/cudart.shm.");
    EXPECT_TRUE(holds_runtime(bytes));
}

TEST_F(ElfFileTest, SaysWhatAFileIsInstead) {
    EXPECT_EQ(error_of(""), "is no ELF file");
    EXPECT_EQ(error_of("#!/bin/sh\n"), "is no ELF file");
    EXPECT_EQ(error_of("\x7f"
                       "ELF"),
              "is an ELF file that is cut off in its header");
    const std::string good = smallest_program();
    EXPECT_EQ(error_of(good), "none");
    const auto with = [&](std::size_t offset, char value) {
        std::string bytes = good;
        bytes[offset] = value;
        return error_of(bytes);
    };
    EXPECT_EQ(with(EI_CLASS, ELFCLASS32), "is an ELF file of 32 bits; OpenNvSci is for 64 bits");
    EXPECT_EQ(with(EI_DATA, ELFDATA2MSB), "is an ELF file of a big-endian machine");
    EXPECT_EQ(with(offsetof(Elf64_Ehdr, e_type), ET_REL), "is an ELF file that is neither a program nor a library");
    EXPECT_NE(with(offsetof(Elf64_Ehdr, e_machine), EM_ARM).find("is for ARM of 32 bits, and this machine is "),
              std::string::npos);
    EXPECT_EQ(with(offsetof(Elf64_Ehdr, e_phentsize), 1), "is an ELF file whose program headers cannot be read");
    EXPECT_EQ(error_of(good.substr(0, good.size() - 1)), "is an ELF file that is cut off before its program headers");
    EXPECT_EQ(read_elf_file("/dev/zero").error().text, "is no regular file");
    EXPECT_EQ(read_elf_file(folder_.string()).error().text, "is no regular file");
    EXPECT_FALSE(read_elf_file((folder_ / "missing").string()));
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(read_elf_file((folder_ / "pipe").string()).error().text, "is no regular file");
}

// Whatever is cut off or changed, there is an answer, and what it holds is of a size that the file can have.
TEST_F(ElfFileTest, AnswersForEveryDamage) {
    const std::string good = bytes_of(small_program());
    ASSERT_GT(good.size(), 1000U);
    std::mt19937 random(1);
    const int memory = ::memfd_create("damaged", MFD_CLOEXEC);  // the disk would take most of the time
    const std::string path = "/proc/self/fd/" + std::to_string(memory);
    const auto expect_answer = [&](const std::string& bytes) {
        ASSERT_EQ(::ftruncate(memory, static_cast<off_t>(bytes.size())), 0);
        ASSERT_EQ(::pwrite(memory, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
        const auto file = read_elf_file(path);
        const std::size_t names = file ? file->needed.size() + file->defined.size() + file->undefined.size() : 0;
        EXPECT_LE(names, bytes.size());
    };
    for (std::size_t length = 0; length < 1024; length += 7)
        expect_answer(good.substr(0, length));
    for (std::size_t length = 1024; length < good.size(); length += good.size() / 100)
        expect_answer(good.substr(0, length));
    // Everything that is read lies in the first part, or in the dynamic section, which has to be found.
    const auto dynamic = good.find(std::string("\x01\0\0\0\0\0\0\0", 8), 0x1000);
    for (int i = 0; i < 3000; ++i) {
        std::string bytes = good;
        const std::size_t start = i % 3 == 0 && dynamic != std::string::npos ? dynamic : 0;
        for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
            const std::size_t at = start + random() % std::min<std::size_t>(2048, bytes.size() - start);
            constexpr std::array<unsigned, 5> kValues{0xff, 0x7f, 0x80, 0, 1};
            bytes[at] = static_cast<char>(i % 2 == 0 ? kValues[random() % kValues.size()] : random());
        }
        expect_answer(bytes);
    }
    ::close(memory);
}

// The cache of ldconfig: the entries of this machine's kind, and no crash for any damage.
TEST(LibraryCache, IsReadWithinItsBounds) {
    const std::string real = bytes_of("/etc/ld.so.cache");
    if (real.empty()) GTEST_SKIP() << "there is no /etc/ld.so.cache";
    const auto libraries = libraries_in_cache(real);
    ASSERT_TRUE(libraries.contains("libc.so.6"));
    EXPECT_TRUE(is_for_this_machine(libraries.at("libc.so.6")));
    std::mt19937 random(1);
    for (int i = 0; i < 500; ++i) {
        std::string bytes = real.substr(0, random() % std::min<std::size_t>(real.size(), 4096));
        for (int changes = 0; changes < 4 && !bytes.empty(); ++changes)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        EXPECT_LE(libraries_in_cache(bytes).size(), bytes.size());
    }
    EXPECT_TRUE(libraries_in_cache("").empty());
    EXPECT_TRUE(libraries_in_cache("glibc-ld.so.cache1.1").empty());
}

// As ldconfig writes it: entries with the offsets of their texts.
std::string made_up_cache(const std::vector<std::array<std::uint64_t, 2>>& flags_and_hardware) {
    std::string texts;
    std::string entries;
    const auto append = [](std::string& bytes, auto number) {
        bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
    };
    const std::size_t start = 48 + 24 * flags_and_hardware.size();
    for (std::size_t i = 0; i < flags_and_hardware.size(); ++i) {
        append(entries, static_cast<std::uint32_t>(flags_and_hardware[i][0]));
        append(entries, static_cast<std::uint32_t>(start + texts.size()));
        texts += std::string("libx.so.1") + '\0';
        append(entries, static_cast<std::uint32_t>(start + texts.size()));
        texts += "/" + std::to_string(i) + '\0';
        append(entries, std::uint32_t{0});
        append(entries, flags_and_hardware[i][1]);
    }
    std::string header = "glibc-ld.so.cache1.1";
    append(header, static_cast<std::uint32_t>(flags_and_hardware.size()));
    append(header, static_cast<std::uint32_t>(texts.size()));
    return header + std::string(48 - header.size(), '\0') + entries + texts;
}

TEST(LibraryCache, TheFirstForEveryProcessorOfThisKindCounts) {
#if defined(__x86_64__)
    constexpr std::uint64_t kOwn = 0x0303;
#else
    constexpr std::uint64_t kOwn = 0x0a03;
#endif
    constexpr std::uint64_t kOther = 0x0803;
    constexpr std::uint64_t kBetter = std::uint64_t{1} << 62;
    EXPECT_EQ(libraries_in_cache(made_up_cache({{kOther, 0}, {kOwn, kBetter}, {kOwn, 0}, {kOwn, 0}})).at("libx.so.1"),
              "/2");
    EXPECT_EQ(libraries_in_cache(made_up_cache({{kOwn, kBetter}})).at("libx.so.1"), "/0");
    EXPECT_TRUE(libraries_in_cache(made_up_cache({{kOther, 0}})).empty());
}

class LibrarySearchTest : public CommandTest {
  protected:
    void SetUp() override {
        CommandTest::SetUp();
        for (const char* folder : {"rpath", "environment", "runpath", "programs/lib"})
            std::filesystem::create_directories(folder_ / folder);
    }
    /// A library of this machine.
    void put(const std::string& name) const {
        std::filesystem::copy_file(built("lib/libnvscibuf.so.2"), folder_ / name);
    }
    [[nodiscard]] std::string folder(const char* name) const { return (folder_ / name).string(); }
    [[nodiscard]] std::string finder(const std::vector<Requester>& requesters) const {
        const LibrarySearch search(folder("environment"), "");
        const auto found = search.find("libx.so.1", requesters);
        return found ? found->by : "nothing";
    }
};

// DT_RPATH, the environment, DT_RUNPATH; whoever has a DT_RUNPATH has no use for DT_RPATH, not even of its loaders.
TEST_F(LibrarySearchTest, GoesByTheRulesOfTheDynamicLinker) {
    const Requester with_rpath{folder("programs"), folder("rpath"), ""};
    const Requester with_runpath{folder("programs"), folder("rpath"), folder("runpath")};
    const Requester plain{folder("programs"), "", ""};
    EXPECT_EQ(finder({plain}), "nothing");
    put("runpath/libx.so.1");
    EXPECT_EQ(finder({with_runpath}), "DT_RUNPATH");
    EXPECT_EQ(finder({with_rpath}), "nothing");
    EXPECT_EQ(finder({plain, with_runpath}), "nothing");  // it is for those that name it alone
    put("environment/libx.so.1");
    EXPECT_EQ(finder({with_runpath}), "LD_LIBRARY_PATH");
    put("rpath/libx.so.1");
    EXPECT_EQ(finder({with_runpath}), "LD_LIBRARY_PATH");
    EXPECT_EQ(finder({with_rpath}), "DT_RPATH");
    EXPECT_EQ(finder({plain, with_rpath}), "DT_RPATH");  // it is for what they load too
    EXPECT_EQ(finder({with_runpath, with_rpath}), "LD_LIBRARY_PATH");
}

TEST_F(LibrarySearchTest, PassesOverFilesOfOtherMachines) {
    put("runpath/libx.so.1");
    const Requester requester{folder("programs"), "", folder("environment") + ":" + folder("runpath")};
    write_file("environment/libx.so.1", "no library");
    EXPECT_EQ(finder({requester}), "DT_RUNPATH");
    std::string other = bytes_of(built("lib/libnvscibuf.so.2"));
    other[EI_CLASS] = ELFCLASS32;
    write_file("environment/libx.so.1", other);
    EXPECT_EQ(finder({requester}), "DT_RUNPATH");
}

TEST_F(LibrarySearchTest, KnowsTheTokens) {
    put("programs/lib/libx.so.1");
    EXPECT_EQ(finder({{folder("programs"), "", "$ORIGIN/lib"}}), "DT_RUNPATH");
    EXPECT_EQ(finder({{folder("programs"), "${ORIGIN}/lib", ""}}), "DT_RPATH");
    EXPECT_EQ(folders_of("a::b", "/o"), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(folders_of("", "/o"), std::vector<std::string>());
    EXPECT_EQ(folders_of("$ORIGIN$ORIGIN", "$ORIGIN"), std::vector<std::string>{"$ORIGIN$ORIGIN"});
}

// What the dynamic linker prints for LD_TRACE_LOADED_OBJECTS, without running the program: the files in its order,
// without itself and the kernel's.
std::vector<std::string> traced(const std::string& program, const std::string& folders) {
    const std::string line = "LD_LIBRARY_PATH='" + folders + "' LD_TRACE_LOADED_OBJECTS=1 '" + program + "'";
    std::vector<std::string> files;
    FILE* const pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) return files;
    std::array<char, 8192> text{};
    while (std::fgets(text.data(), text.size(), pipe) != nullptr) {
        const std::string one = text.data();
        const auto begin = one.find("=> ");
        const auto end = one.rfind(" (");
        if (begin != std::string::npos && end != std::string::npos)
            files.push_back(std::filesystem::canonical(one.substr(begin + 3, end - begin - 3)).string());
    }
    ::pclose(pipe);
    return files;
}

TEST(LoadOrderTest, IsTheDynamicLinkersOwn) {
    const std::string folders = built("lib/opennvsci/softcuda");
    const LibrarySearch search(folders, bytes_of("/etc/ld.so.cache"));
    for (const char* name :
         {"customer_first", "customer_behind", "customer_middleware", "opennvsci", "opennvsci_tool_test"}) {
        const std::string path = (program_folder() / name).string();
        const auto program = read_elf_file(path);
        ASSERT_TRUE(program) << path << ": " << program.error().text;
        const LoadOrder order = load_order(*program, {}, search);
        EXPECT_TRUE(order.missing.empty());
        std::vector<std::string> files;
        for (const LoadedFile& loaded : order.files) {
            if (loaded.file.path != path && loaded.file.name.find("ld-linux") == std::string::npos)
                files.push_back(std::filesystem::canonical(loaded.file.path).string());
        }
        EXPECT_EQ(files, traced(path, folders)) << name;
    }
}

ProgramFacts looked_at(const std::string& name) {
    const LibrarySearch search(built("lib/opennvsci/softcuda"), bytes_of("/etc/ld.so.cache"));
    return look_at_program((program_folder() / name).string(), search, look_at_own_libraries());
}

// The table of docs/porting.md, with the same programs that tests/interpose runs.
TEST(DoctorProgram, ShapesOfProgramsReachOpenNvSciAsTheTableSays) {
    const auto first = check_program(looked_at("customer_first"));
    EXPECT_EQ(count_of(first, State::problem), 0U) << findings_text(first, 200);
    EXPECT_TRUE(tells(first, State::ok, "reach OpenNvSci"));
    EXPECT_TRUE(tells(first, State::ok, "finds OpenNvSci's functions"));
    const auto behind = check_program(looked_at("customer_behind"));
    EXPECT_TRUE(tells(behind, State::problem, "stands before libnvscibuf in the order of libraries"));
    EXPECT_TRUE(tells(behind, State::problem, "link with -lnvscibuf before -lcuda"));
    EXPECT_TRUE(tells(behind, State::ok, "finds OpenNvSci's functions"));
    const auto middleware = check_program(looked_at("customer_middleware"));
    EXPECT_TRUE(tells(middleware, State::ok, "reach OpenNvSci"));
    EXPECT_TRUE(tells(middleware, State::problem, "stands before OpenNvSci with dlsym"));
    EXPECT_TRUE(tells(check_program(looked_at("customer_plugin")), State::note, "name no libnvscibuf"));
    EXPECT_TRUE(tells(check_program(looked_at("libcustomer_plugin.so")), State::note, "is a library"));
}

// The dynamic linker hears no variable for a program with rights of its own, so neither does its examination.
TEST_F(LibrarySearchTest, NoVariableCountsForAProgramWithRightsOfItsOwn) {
    const std::string path = (folder_ / "programs" / "program").string();
    std::filesystem::copy_file(small_program(), path);
    std::filesystem::copy_file(built("lib/libnvscibuf.so.2"), folder_ / "environment" / "libnvscibuf.so.2");
    const LibrarySearch search(folder("environment"), bytes_of("/etc/ld.so.cache"));
    const auto finds = [&](mode_t mode) {
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return look_at_program(path, search, {}).order.find("libnvscibuf") != nullptr;
    };
    EXPECT_TRUE(finds(0755));
    EXPECT_FALSE(finds(04755));
}

TEST(DoctorProgram, AMissingLibraryIsToldOnceWithItsRemedy) {
    const auto findings = check_program(looked_at("opennvsci_needs_its_library"));
    EXPECT_EQ(count_of(findings, State::problem), 1U) << findings_text(findings, 200);
    EXPECT_TRUE(tells(findings, State::problem, "libnvscibuf.so.2: is not found"));
    EXPECT_TRUE(tells(findings, State::problem, "start it with `opennvsci run`"));
}

// Facts about a program that is made up: files in the order of look-ups.
ElfFile library(const char* name) {
    ElfFile file;
    file.path = std::string("/lib/") + name;
    file.name = name;
    file.kind = ElfFile::Kind::library;
    return file;
}

ProgramFacts made_up() {
    ElfFile program;
    program.path = "/bin/program";
    program.interpreter = "/lib64/ld-linux.so.2";
    program.needed = {"libnvscibuf.so.2", "libcuda.so.1"};
    program.undefined = {"NvSciBufModuleOpen", "cuMemFree_v2"};
    ElfFile interposer = library("libopennvsci-interpose.so.0");
    interposer.defined = {"cuMemFree_v2", "dlsym"};
    ElfFile buf = library("libnvscibuf.so.2");
    buf.defined = {"NvSciBufModuleOpen"};
    ElfFile driver = library("libcuda.so.1");
    driver.defined = {"cuMemFree_v2"};
    ElfFile c_library = library("libc.so.6");
    c_library.defined = {"dlsym"};
    ProgramFacts facts;
    facts.path = program.path;
    facts.order.files = {
        {program, ""}, {interposer, "ldconfig"}, {buf, "ldconfig"}, {driver, "ldconfig"}, {c_library, "ldconfig"}};
    facts.own = {"/lib",
                 {"libnvscibuf.so.2", "libnvsciipc.so.1"},
                 {"NvSciBufModuleOpen", "NvSciIpcInit"},
                 {"cuMemFree_v2"},
                 true,
                 true};
    facts.namesakes = {{"libnvscibuf.so.2", "/lib/libnvscibuf.so.2", "ldconfig", true, false}};
    return facts;
}

TEST(DoctorProgram, FunctionsThatNobodyHasAreTold) {
    EXPECT_TRUE(is_fine(check_program(made_up())));
    ProgramFacts facts = made_up();
    facts.order.files[0].file.undefined.insert("NvSciBufDoesNotExist");
    EXPECT_TRUE(tells(check_program(facts), State::problem, "OpenNvSci has no NvSciBufDoesNotExist"));
    facts = made_up();
    facts.order.files[0].file.undefined.insert("NvSciIpcInit");
    EXPECT_TRUE(tells(check_program(facts), State::problem, "NvSciIpcInit: none of the program's libraries has it"));
    facts = made_up();
    for (int i = 0; i < 20; ++i)
        facts.order.files[0].file.undefined.insert("NvSciBufNo" + std::to_string(i));
    EXPECT_TRUE(tells(check_program(facts), State::problem, "and 12 more"));
}

TEST(DoctorProgram, TheOrderOfLibrariesDecides) {
    ProgramFacts facts = made_up();
    std::swap(facts.order.files[1], facts.order.files[3]);
    EXPECT_TRUE(tells(check_program(facts), State::problem, "cuMemFree_v2 of /bin/program go past OpenNvSci"));
    facts = made_up();
    std::swap(facts.order.files[1], facts.order.files[4]);
    facts.order.files[0].file.undefined.insert("dlsym");
    EXPECT_TRUE(tells(check_program(facts), State::problem, "/lib/libc.so.6 stands before OpenNvSci with dlsym"));
    facts = made_up();
    ElfFile tool = library("libtool.so");
    tool.defined = {"cuMemFree_v2"};
    facts.order.files.insert(facts.order.files.begin() + 1, {tool, "LD_PRELOAD"});
    EXPECT_TRUE(tells(check_program(facts), State::note, "go to /lib/libtool.so first"));
    facts = made_up();
    facts.order.files.erase(facts.order.files.begin() + 1);
    EXPECT_TRUE(tells(check_program(facts), State::problem, "libopennvsci-interpose.so.0 is not found"));
    // The driver of another machine.
    for (const bool is_first : {false, true}) {
        facts = made_up();
        facts.order.files.erase(facts.order.files.begin() + 3);
        facts.order.missing = {{"libcuda.so.1", "/bin/program", ""}};
        auto& needed = facts.order.files[0].file.needed;
        needed = {"libnvscibuf.so.2", "libcuda.so.1"};
        if (is_first) std::swap(needed[0], needed[1]);
        EXPECT_EQ(tells(check_program(facts), State::problem, "stands before libnvscibuf"), is_first);
        EXPECT_EQ(tells(check_program(facts), State::ok, "reach OpenNvSci"), !is_first);
    }
    facts = made_up();
    facts.is_interposed = false;
    EXPECT_TRUE(tells(check_program(facts), State::note, "OPENNVSCI_INTERPOSE=0"));
}

TEST(DoctorProgram, TheRuntimeIsToldAndItsDriver) {
    ProgramFacts facts = made_up();
    facts.order.files[0].file.holds_cuda_runtime = true;
    EXPECT_TRUE(tells(check_program(facts), State::ok, "static, in /bin/program"));
    EXPECT_TRUE(tells(check_program(facts), State::ok, "the CUDA runtime finds OpenNvSci's functions"));
    facts.has_software_driver = true;
    EXPECT_TRUE(tells(check_program(facts), State::problem, "does not start on the software device"));
    EXPECT_TRUE(tells(check_program(facts), State::note, "opennvsci run --soft"));
    facts = made_up();
    facts.order.files[3].file.path = "/cuda/stubs/libcuda.so.1";
    EXPECT_TRUE(tells(check_program(facts), State::problem, "is for linking only"));
    facts = made_up();
    facts.order.files[3].by = "DT_RPATH";
    EXPECT_TRUE(tells(check_program(facts), State::note, "--enable-new-dtags"));
    facts = made_up();
    facts.order.files[0].file.has_rights_of_its_own = true;
    EXPECT_TRUE(tells(check_program(facts), State::note, "set-user-id"));
}

TEST(DoctorProgram, LibrariesOfOthersUnderOurNamesAreTold) {
    ProgramFacts facts = made_up();
    facts.namesakes[0].is_own = false;
    EXPECT_TRUE(tells(check_program(facts), State::problem, "is not OpenNvSci's"));
    facts.namesakes[0].is_copy = true;
    EXPECT_TRUE(tells(check_program(facts), State::note, "another OpenNvSci"));
    facts = made_up();
    facts.order.missing = {{"libnvscibuf.so.1", "/bin/program", ""},
                           {"libcuda.so.1", "/bin/program", ""},
                           {"libz.so.9", "/bin/program", ""}};
    EXPECT_TRUE(tells(check_program(facts), State::problem, "build the program against OpenNvSci's headers"));
    EXPECT_TRUE(tells(check_program(facts), State::problem, "install NVIDIA's driver"));
    EXPECT_TRUE(tells(check_program(facts), State::problem, "libz.so.9: is not found"));
}

// Made up names may be those of nobody; the command says so for each, ends, and prints JSON that can be read.
class DoctorProgramCommand : public CommandTest {
  protected:
    [[nodiscard]] Json program_findings(const std::string& program) const {
        const Outcome outcome = run("doctor --json " + program, "OPENNVSCI_DEVICE=soft");
        const Json printed = Json::parse(outcome.output);
        auto findings = Json::array();
        for (const Json& finding : printed.at("findings")) {
            if (finding.at("area") == "program") findings.push_back(finding);
        }
        EXPECT_EQ(outcome.exit_code == 1,
                  std::any_of(findings.begin(), findings.end(),
                              [](const Json& finding) { return finding.at("state") == "problem"; }))
            << outcome.output;
        return findings;
    }
    void expect(const std::string& program, const char* state, const std::string& text) const {
        const Json findings = program_findings(program);
        ASSERT_FALSE(findings.empty());
        EXPECT_EQ(findings.at(0).at("state"), state) << findings;
        EXPECT_NE(findings.at(0).at("found").get<std::string>().find(text), std::string::npos) << findings;
    }
};

TEST_F(DoctorProgramCommand, WhatIsNoProgramIsSaid) {
    write_file("script", "#! /usr/bin/python3 -s\nprint()\n");
    expect("./script", "note", "./script is a script for /usr/bin/python3 -s");
    write_file("static", smallest_program());
    expect("./static", "problem", "./static is a static program");
    write_file("text", "hello");
    expect("./text", "problem", "is no ELF file");
    expect("./missing", "problem", "No such file or directory");
    expect("missing", "problem", "No such file or directory");
    expect(".", "problem", "is no regular file");
    expect("/dev/zero", "problem", "is no regular file");
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    expect("./pipe", "problem", "is no regular file");
    EXPECT_EQ(run("doctor ''").exit_code, 2);
}

// A program is looked for as `opennvsci run` does, and nothing of it runs.
TEST_F(DoctorProgramCommand, IsFoundInPathAndNotStarted) {
    write_file("opennvsci_doctor_never_starts", "#!/bin/sh\ntouch '" + (folder_ / "started").string() + "'\n");
    ASSERT_EQ(::chmod((folder_ / "opennvsci_doctor_never_starts").c_str(), 0755), 0);
    const Outcome outcome =
        run("doctor opennvsci_doctor_never_starts", "OPENNVSCI_DEVICE=soft PATH='" + folder_.string() + "':\"$PATH\"");
    EXPECT_TRUE(has(outcome, "opennvsci_doctor_never_starts is a script for /bin/sh")) << outcome.output;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "started"));
}

}  // namespace
}  // namespace opennvsci::tool
