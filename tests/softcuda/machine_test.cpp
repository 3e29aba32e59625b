// SPDX-License-Identifier: Apache-2.0
//
// The devices of a machine file. cuInit reads it once in a process, so every file is read by another one.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ios>
#include <random>
#include <string>
#include <vector>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

constexpr const char* kFirst = R"("name": "A", "uuid": "GPU-00000000-0000-0000-0000-000000000001")";
constexpr const char* kSecond = R"("name": "B", "uuid": "GPU-00000000-0000-0000-0000-000000000002")";

std::string machine_of(const std::string& devices, const std::string& version = "1") {
    return R"({"format_version": )" + version + R"(, "devices": [)" + devices + "]}";
}

// One device, complete but for what is added.
std::string device(const std::string& more = "", const char* identity = kFirst) {
    return "{" + std::string(identity) + R"(, "memory_bytes": 4194304)" + more + "}";
}

class MachineFile : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "softcuda-machine-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string write(const std::string& name, const std::string& bytes) const {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
        return (folder_ / name).string();
    }

    /// What cuInit says of each: 's' if it succeeds, 'r' if it refuses the file, something else if it must not be.
    [[nodiscard]] std::string outcomes(const std::vector<std::string>& files, const char* log = "none") const {
        for (std::size_t i = 0; i < files.size(); ++i)
            (void)write(std::to_string(i), files[i]);
        Peer peer("read_machines",
                  {"OPENNVSCI_SOFT_DEVICES=", "OPENNVSCI_SOFT_MEMORY=", std::string("OPENNVSCI_LOG=") + log,
                   "MACHINES=" + folder_.string(), "COUNT=" + std::to_string(files.size())});
        std::string found;
        for (std::string part = peer.receive(); !part.empty(); part = peer.receive())
            found += part;
        EXPECT_EQ(peer.wait(), 0);
        return found;
    }

    /// What is printed of a file that is refused.
    [[nodiscard]] std::string refusal(const std::string& file) const {
        testing::internal::CaptureStderr();
        EXPECT_EQ(outcomes({file}, "error"), "r") << file;
        return testing::internal::GetCapturedStderr();
    }

    std::filesystem::path folder_;
};

#define EXPECT_REFUSAL(file, reason) EXPECT_NE(refusal(file).find(reason), std::string::npos) << refusal(file)

TEST_F(MachineFile, DevicesAreThoseOfTheFile) {
    const std::string attributes =
        R"(, "attributes": {"TEXTURE_ALIGNMENT": 256, "GENERIC_COMPRESSION_SUPPORTED": 1, "MULTIPROCESSOR_COUNT": 132,
            "MAXIMUM_TEXTURE2D_WIDTH": 1024, "MAXIMUM_TEXTURE2D_HEIGHT": 2147483647})";
    const std::string first = device(
        R"(, "instance_uuid": "GPU-00000000-0000-0000-0000-0000000000ff", "compute_capability": "8.7",
            "is_integrated": true, "grants_compression": false, "supports_read_only_host_register": false,
            "grants_system_memory": false, "peers": [])" +
        attributes);
    const std::string second =
        device(R"(, "supports_virtual_memory": false, "grants_system_memory": false, "peers": [0])", kSecond);
    const std::string path = write("machine.json", machine_of(first + ", " + second));
    testing::internal::CaptureStderr();
    Peer peer("be_the_machine", {"OPENNVSCI_SOFT_MACHINE=" + path, "OPENNVSCI_SOFT_DEVICES=5"});
    EXPECT_EQ(peer.wait(), 0);
    const std::string said = testing::internal::GetCapturedStderr();
    for (const char* variable : {"OPENNVSCI_SOFT_DEVICES", "OPENNVSCI_SOFT_MEMORY"})
        EXPECT_NE(said.find(std::string(variable) + " is not used"), std::string::npos) << said;
}

TEST_F(MachineFile, OneToSixteenDevicesAreTaken) {
    const auto numbered = [](int count) {
        std::string devices;
        for (int i = 0; i < count; ++i) {
            const std::string digits{static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
            const std::string identity =
                R"("name": "GPU", "uuid": "GPU-00000000-0000-0000-0000-1000000000)" + digits + "\"";
            devices += (i == 0 ? "" : ",") + device("", identity.c_str());
        }
        return machine_of(devices);
    };
    EXPECT_EQ(outcomes({numbered(1), numbered(16), numbered(17), numbered(0)}), "ssrr");
}

// Where the file says no more than an identity, the device is as any software device. Later versions may say more.
TEST_F(MachineFile, LittleIsNeededAndWhatIsUnknownDoesNotMatter) {
    EXPECT_EQ(
        outcomes({machine_of(device()), machine_of(device(R"(, "later": {"a": [1.5, null]}, "ordinal": 7)")),
                  R"({"description": "\u00e9\ud83d\ude00", "format_version": 1, "devices": [)" + device() + "]}"}),
        "sss");
}

TEST_F(MachineFile, RefusalsSayWhatIsWrong) {
    EXPECT_REFUSAL("", "line 1: no value begins like this");
    EXPECT_REFUSAL("[]", "it is no object");
    EXPECT_REFUSAL("{\n\"a\": 1,\n\"a\": 2}", "line 3: a member stands twice");
    EXPECT_REFUSAL(R"({"devices": []})", "format_version is missing");
    EXPECT_REFUSAL(machine_of(device(), "2"), "format_version is not a number from 1 to 1");
    EXPECT_REFUSAL(machine_of(R"({"name": "A"})"), "devices[0].uuid is missing");
    EXPECT_REFUSAL(machine_of(device() + "," + device()), "devices[1] has the UUID of another device");
    EXPECT_REFUSAL(machine_of(device(R"(, "peers": [1])")), "devices[0].peers is not a number from 0 to 0");
    EXPECT_REFUSAL(machine_of(device(R"(, "peers": [0])")), "devices[0].peers has the device itself");
    EXPECT_REFUSAL(machine_of(device(R"(, "attributes": {"TEXTURE_ALIGNMENT": 48})")),
                   "devices[0].attributes.TEXTURE_ALIGNMENT is no power of two");
    EXPECT_REFUSAL(machine_of(device(R"(, "attributes": {"MULTICAST_SUPPORTED": 1})")),
                   "devices[0].attributes.MULTICAST_SUPPORTED is no attribute that a machine file describes");
    EXPECT_REFUSAL(machine_of("1"), "devices[0].name is missing");
}

TEST_F(MachineFile, WhatCannotBeIsRefused) {
    const auto with = [](const char* more) { return machine_of(device(std::string(", ") + more)); };
    std::vector<std::string> files{
        "null",
        "{",
        R"({"format_version": 1, "devices": {}})",
        R"({"format_version": 1})",
        machine_of(device()) + "x",
        machine_of(R"({"name": "A", "uuid": "GPU-00000000-0000-0000-0000-000000000001"})"),
        machine_of(R"({"uuid": "GPU-00000000-0000-0000-0000-000000000001", "memory_bytes": 1})"),
        machine_of(device("", R"("name": "", "uuid": "GPU-00000000-0000-0000-0000-000000000001")")),
        machine_of(device("", R"("name": "a\u001bb", "uuid": "GPU-00000000-0000-0000-0000-000000000001")")),
        machine_of(device("", R"("name": "a\u009bb", "uuid": "GPU-00000000-0000-0000-0000-000000000001")")),
        machine_of(device("", R"("name": "A", "uuid": "GPU-00000000-0000-0000-0000-000000000000")")),
        machine_of(device("", R"("name": "A", "uuid": "00000000-0000-0000-0000-000000000001")")),
        machine_of(device() + "," +
                   device(R"(, "instance_uuid": "GPU-00000000-0000-0000-0000-000000000001")", kSecond)),
        with(R"("is_integrated": 1)"),
        with(R"("grants_compression": "yes")"),
        with(R"("compute_capability": 9.0)"),
        with(R"("compute_capability": "9")"),
        with(R"("compute_capability": "9.0.1")"),
        with(R"("compute_capability": "99999999999.0")"),
        with(R"("peers": 0)"),
        with(R"("peers": ["0"])"),
        with(R"("attributes": [])"),
        with(R"("attributes": {"INTEGRATED": 2})"),
        with(R"("attributes": {"INTEGRATED": true})"),
        with(R"("attributes": {"TEXTURE_ALIGNMENT": 0})"),
        with(R"("attributes": {"TEXTURE_ALIGNMENT": -256})"),
        with(R"("attributes": {"TEXTURE_ALIGNMENT": 99999999999999999999})"),
        with(R"("attributes": {"TEXTURE_ALIGNMENT": 2.56e2})"),
        with(R"("instance_uuid": null)"),
        with(R"("later": "\ud83d")"),
        with(R"("later": "\x")"),
        with(R"("later": 01)"),
        with("\"later\": \"\t\""),
        std::string(100'000, '['),
        with((R"("later": )" + std::string(40, '[') + std::string(40, ']')).c_str()),
        std::string((std::size_t{1} << 20) + 1, ' '),
    };
    for (const char* bytes : {"0", "-1", "9223372036854775808", "1.5", "\"1\"", "null"})
        files.push_back(machine_of("{" + std::string(kFirst) + R"(, "memory_bytes": )" + bytes + "}"));
    EXPECT_EQ(outcomes(files), std::string(files.size(), 'r'));
}

// Whatever becomes of the bytes of a file, it is taken or refused.
TEST_F(MachineFile, DamagedFilesCrashNobody) {
    const std::string whole = machine_of(
        device(
            R"(, "compute_capability": "9.0", "peers": [1], "attributes": {"TEXTURE_ALIGNMENT": 512}, "later": "\u00e9")") +
        "," + device(R"(, "is_integrated": true)", kSecond));
    std::mt19937 random(1);
    std::vector<std::string> files;
    for (int i = 0; i < 200; ++i) {
        std::string file = whole;
        for (auto changes = 1 + random() % 3; changes > 0; --changes) {
            const std::size_t at = random() % file.size();
            if (random() % 3 == 0) {
                file.erase(at, 1 + random() % 20);
            } else {
                file[at] = i % 2 == 0 ? "{}[]\",:\\0u9-"[random() % 12] : static_cast<char>(random());
            }
        }
        files.push_back(file);
    }
    for (std::size_t size = 0; size < whole.size(); size += 7)
        files.push_back(whole.substr(0, size));
    const std::string found = outcomes(files);
    EXPECT_EQ(found.size(), files.size());
    EXPECT_EQ(found.find_first_not_of("sr"), std::string::npos) << found;
    EXPECT_NE(found.find('r'), std::string::npos);
}

TEST_F(MachineFile, WhatIsNoFileIsRefusedWithoutWaiting) {
    ASSERT_EQ(::mkfifo((folder_ / "0").c_str(), 0600), 0);
    EXPECT_EQ(Peer("cuinit_is_refused", {"OPENNVSCI_SOFT_MACHINE=" + (folder_ / "0").string()}).wait(), 0);
    EXPECT_EQ(Peer("cuinit_is_refused", {"OPENNVSCI_SOFT_MACHINE=" + folder_.string()}).wait(), 0);
    EXPECT_EQ(Peer("cuinit_is_refused", {"OPENNVSCI_SOFT_MACHINE=/no/such/file"}).wait(), 0);
    EXPECT_EQ(Peer("cuinit_is_refused", {"OPENNVSCI_SOFT_MACHINE="}).wait(), 1) << "not set";
}

#define REQUIRE(condition) \
    if (!(condition)) return __LINE__ % 256

std::string uuid_of(CUdevice device, CUresult (*ask)(CUuuid*, CUdevice)) {
    CUuuid uuid{};
    return ask(&uuid, device) == CUDA_SUCCESS ? std::string(uuid.bytes, sizeof uuid.bytes) : "";
}

int attribute_of(CUdevice_attribute which, CUdevice device) {
    int value = -77;
    return cuDeviceGetAttribute(&value, which, device) == CUDA_SUCCESS ? value : -77;
}

CUresult make_memory(CUmemAllocationProp properties, CUmemAllocationProp& made) {
    CUmemGenericAllocationHandle memory = 0;
    if (const CUresult result = cuMemCreate(&memory, kGranularity, &properties, 0); result != CUDA_SUCCESS)
        return result;
    const CUresult result = cuMemGetAllocationPropertiesFromHandle(&made, memory);
    const CUresult released = cuMemRelease(memory);
    return result != CUDA_SUCCESS ? result : released;
}

}  // namespace

// The machine of DevicesAreThoseOfTheFile.
int be_the_machine() {
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    int number = 0;
    REQUIRE(cuDeviceGetCount(&number) == CUDA_SUCCESS && number == 2);
    char name[16] = {};
    REQUIRE(cuDeviceGetName(name, sizeof name, 1) == CUDA_SUCCESS && std::strcmp(name, "B") == 0);
    REQUIRE(uuid_of(0, cuDeviceGetUuid) == std::string(15, '\0') + '\x01');
    REQUIRE(uuid_of(0, cuDeviceGetUuid_v2) == std::string(15, '\0') + '\xff');
    REQUIRE(uuid_of(1, cuDeviceGetUuid_v2) == std::string(15, '\0') + '\x02');
    std::size_t bytes = 0;
    REQUIRE(cuDeviceTotalMem_v2(&bytes, 0) == CUDA_SUCCESS && bytes == 4 * kMiB);

    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0) == 8);
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0) == 7);
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 1) == 9);
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_INTEGRATED, 0) == 1);
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_INTEGRATED, 1) == 0);
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT, 0) == 256);
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT, 1) == 512);
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 0) == 132);
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_WIDTH, 0) == 1024);
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_HEIGHT, 0) == 65536);  // more than it can have
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, 1) == 0);
    REQUIRE(attribute_of(CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED, 0) == 0);

    REQUIRE(cuDeviceCanAccessPeer(&number, 0, 1) == CUDA_SUCCESS && number == 0);
    REQUIRE(cuDeviceCanAccessPeer(&number, 1, 0) == CUDA_SUCCESS && number == 1);
    REQUIRE(cuDeviceGetP2PAttribute(&number, CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, 0, 1) == CUDA_SUCCESS);
    REQUIRE(number == 0);
    CUcontext second = nullptr;
    CUcontext first = nullptr;
    REQUIRE(cuCtxCreate_v2(&second, 0, 1) == CUDA_SUCCESS && cuCtxCreate_v2(&first, 0, 0) == CUDA_SUCCESS);
    REQUIRE(cuCtxEnablePeerAccess(second, 0) == CUDA_ERROR_PEER_ACCESS_UNSUPPORTED);
    REQUIRE(cuCtxSetCurrent(second) == CUDA_SUCCESS && cuCtxEnablePeerAccess(first, 0) == CUDA_SUCCESS);
    REQUIRE(cuCtxSetCurrent(first) == CUDA_SUCCESS);

    CUmemAllocationProp made{};
    CUmemAllocationProp compressible = device_memory();
    compressible.allocFlags.compressionType = CU_MEM_ALLOCATION_COMP_GENERIC;
    REQUIRE(make_memory(compressible, made) == CUDA_SUCCESS);
    REQUIRE(made.allocFlags.compressionType == CU_MEM_ALLOCATION_COMP_NONE);
    REQUIRE(make_memory(device_memory(1), made) == CUDA_ERROR_NOT_SUPPORTED);
    REQUIRE(make_memory(host_numa_memory(), made) == CUDA_ERROR_NOT_PERMITTED);
    CUdeviceptr pointer = 0;
    REQUIRE(cuMemAlloc_v2(&pointer, 5 * kMiB) == CUDA_ERROR_OUT_OF_MEMORY);

    alignas(4096) static char page[4096];
    REQUIRE(cuMemHostRegister_v2(page, sizeof page, kMemHostRegisterReadOnly) == CUDA_ERROR_NOT_SUPPORTED);
    CUarray array = nullptr;
    const CUDA_ARRAY3D_DESCRIPTOR wide{1025, 1, 0, CU_AD_FORMAT_UNSIGNED_INT8, 1, 0};
    REQUIRE(cuArray3DCreate_v2(&array, &wide) == CUDA_ERROR_INVALID_VALUE);
    const CUDA_ARRAY3D_DESCRIPTOR narrow{1024, 1, 0, CU_AD_FORMAT_UNSIGNED_INT8, 1, 0};
    REQUIRE(cuArray3DCreate_v2(&array, &narrow) == CUDA_SUCCESS);
    return 0;
}

// Reads the files 0, 1, … of a folder, each in a process of its own, which has not called cuInit before.
int read_machines(int socket) {
    const std::string folder = std::getenv("MACHINES");
    const int count = std::atoi(std::getenv("COUNT"));
    for (int i = 0; i < count; ++i) {
        const pid_t child = fork();
        if (child == 0) {
            alarm(20);
            setenv("OPENNVSCI_SOFT_MACHINE", (folder + "/" + std::to_string(i)).c_str(), 1);
            const CUresult result = cuInit(0);
            _exit(result == CUDA_SUCCESS ? 's' : result == CUDA_ERROR_NOT_INITIALIZED ? 'r' : '?');
        }
        int status = 0;
        REQUIRE(waitpid(child, &status, 0) == child);
        const char outcome = WIFEXITED(status) ? static_cast<char>(WEXITSTATUS(status)) : '!';
        REQUIRE(send(socket, &outcome, 1, 0) == 1);
    }
    return 0;
}

// 1 if it is not. The file is read again by the next call.
int cuinit_is_refused() {
    alarm(20);
    if (cuInit(0) == CUDA_SUCCESS) return 1;
    int count = 0;
    REQUIRE(cuInit(0) == CUDA_ERROR_NOT_INITIALIZED);
    REQUIRE(cuDeviceGetCount(&count) == CUDA_ERROR_NOT_INITIALIZED);
    unsetenv("OPENNVSCI_SOFT_MACHINE");
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    return 0;
}

}  // namespace opennvsci::softcuda_test
