// SPDX-License-Identifier: Apache-2.0
//
// The built `opennvsci` command as users run it: exit codes, what it prints, what it writes.
#include <cmath>
#include <ios>
#include <nlohmann/json.hpp>

#include "command.h"
#include "picture.h"

namespace opennvsci::tool {
namespace {

std::string shipped_picture() {
    return (program_folder().parent_path() / "share/opennvsci/picture.png").string();
}

TEST_F(CommandTest, DemoMakesTheShippedPictureGray) {
    const Outcome demo = run("demo --device soft");
    ASSERT_EQ(demo.exit_code, 0) << demo.output;
    const auto before = read_picture(shipped_picture());
    const auto after = read_picture(folder_ / "opennvsci-demo.png");
    ASSERT_TRUE(before) << before.error().text;
    ASSERT_TRUE(after) << after.error().text;
    ASSERT_EQ(after->width, before->width);
    ASSERT_EQ(after->height, before->height);
    for (std::size_t at = 0; at < before->rgb.size(); at += 3) {
        const double luma = (77.0 * before->rgb[at] + 150.0 * before->rgb[at + 1] + 29.0 * before->rgb[at + 2]) / 256;
        const auto gray = static_cast<std::uint8_t>(std::lround(luma));
        for (std::size_t channel = 0; channel < 3; ++channel)
            ASSERT_EQ(after->rgb[at + channel], gray) << at;
    }
}

TEST_F(CommandTest, DemoShowsTheNegotiationAndTheRefusals) {
    const Outcome demo = run("demo --device soft");
    ASSERT_EQ(demo.exit_code, 0) << demo.output;
    EXPECT_TRUE(has(demo, "the software device"));
    EXPECT_TRUE(has(demo, "camera (CPU): ReadWrite,"));
    EXPECT_TRUE(has(demo, "denied: a list asks for CPU access"));
    EXPECT_TRUE(has(demo, "system memory"));
    EXPECT_TRUE(has(demo, "video memory"));
    EXPECT_EQ(count(demo.output, "CUDA_ERROR_INVALID_VALUE"), 4) << demo.output;
    EXPECT_TRUE(has(demo, "the object is read-only")) << demo.output;
    EXPECT_TRUE(has(demo, "equals the CPU's bit by bit"));
}

TEST_F(CommandTest, DemoReadsPpmAndWritesPgmAndPpm) {
    write_file("in.ppm", std::string("P6 3 1 255\n\xff\0\0\0\xff\0\0\0\xff", 20));
    const Outcome pgm = run("demo --device soft --input in.ppm --output out.pgm");
    ASSERT_EQ(pgm.exit_code, 0) << pgm.output;
    EXPECT_EQ(read_file("out.pgm"), "P5\n3 1\n255\n\x4d\x95\x1d");  // 77, 149 (149.4 + 0.5), 29
    const Outcome ppm = run("demo --device soft --input in.ppm --output out.ppm");
    ASSERT_EQ(ppm.exit_code, 0) << ppm.output;
    EXPECT_EQ(read_file("out.ppm"), "P6\n3 1\n255\n\x4d\x4d\x4d\x95\x95\x95\x1d\x1d\x1d");
}

TEST_F(CommandTest, DemoRunsOnTheDeviceOfThatNumber) {
    write_file("in.ppm", "P6 1 1 255\nabc");
    const std::string two_devices = "OPENNVSCI_DEVICE=soft OPENNVSCI_SOFT_DEVICES=2";
    const Outcome second = run("demo --device 1 --input in.ppm", two_devices);
    EXPECT_EQ(second.exit_code, 0) << second.output;
    EXPECT_TRUE(has(second, "software device 1")) << second.output;
    const Outcome third = run("demo --device 2 --input in.ppm", two_devices);
    EXPECT_EQ(third.exit_code, 1);
    EXPECT_TRUE(has(third, "there is no device 2: the driver has 2")) << third.output;
}

TEST_F(CommandTest, DemoRefusesBadPicturesWithOneAndTheReason) {
    write_file("cut.ppm", "P6 100 100 255\nabc");
    write_file("huge.ppm", "P6 99999999999999999999 1 255\nabc");
    write_file("text.png", "no picture");
    std::ifstream whole(shipped_picture(), std::ios::binary);
    std::string half(60'000, '\0');
    whole.read(half.data(), static_cast<std::streamsize>(half.size()));
    write_file("half.png", half);
    const std::pair<const char*, const char*> cases[] = {{"cut.ppm", "it is cut off"},
                                                         {"huge.ppm", "the limit is 16384 per side"},
                                                         {"text.png", "neither a PNG nor a binary PPM"},
                                                         {"half.png", "the PNG is damaged or cut off"},
                                                         {"missing.png", "No such file"},
                                                         {".", "it is a directory"}};
    for (const auto& [file, reason] : cases) {
        const Outcome demo = run(std::string("demo --device soft --input ") + file);
        EXPECT_EQ(demo.exit_code, 1) << file;
        EXPECT_TRUE(has(demo, reason)) << file << ": " << demo.output;
        EXPECT_TRUE(has(demo, file)) << demo.output;
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "opennvsci-demo.png"));
}

TEST_F(CommandTest, DemoSaysThatItCannotWrite) {
    const Outcome demo = run("demo --device soft --output /nowhere/out.png");
    EXPECT_EQ(demo.exit_code, 1);
    EXPECT_TRUE(has(demo, "cannot write /nowhere/out.png")) << demo.output;
}

TEST_F(CommandTest, DemoOfTwoProcessesSharesFramesThatVisionCannotWrite) {
    const std::string meeting = "OPENNVSCI_RUNTIME_DIR='" + (folder_ / "meet").string() + "'";
    const Outcome outcome = run("demo --two-processes --device soft --frames 20", meeting);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_TRUE(has(outcome, "everything held")) << outcome.output;
    EXPECT_TRUE(has(outcome, "an import for writing is refused")) << outcome.output;
    EXPECT_TRUE(has(outcome, "cuMemsetD8 into the read-only mapping: CUDA_ERROR_INVALID_VALUE")) << outcome.output;
    EXPECT_TRUE(has(outcome, "20 frames: the sum of each")) << outcome.output;
    // The report of the negotiation names both.
    EXPECT_TRUE(has(outcome, "camera: ReadWrite")) << outcome.output;
    EXPECT_TRUE(has(outcome, "vision: Readonly")) << outcome.output;
}

TEST_F(CommandTest, DemoOfTwoProcessesFailsIfOneOfThemDoes) {
    const std::string meeting = "OPENNVSCI_RUNTIME_DIR='" + (folder_ / "meet").string() + "'";
    const Outcome no_device = run("demo --two-processes --device 9", meeting);
    EXPECT_EQ(no_device.exit_code, 1) << no_device.output;
    EXPECT_TRUE(has(no_device, "there is no device 9")) << no_device.output;
    EXPECT_FALSE(has(no_device, "everything held")) << no_device.output;

    write_file("channels.cfg", "INTER_PROCESS elsewhere_0 elsewhere_1 16 64\n");
    const Outcome no_channel = run("demo --two-processes --device soft", meeting + " OPENNVSCI_IPC_CFG=channels.cfg");
    EXPECT_EQ(no_channel.exit_code, 1) << no_channel.output;
    EXPECT_TRUE(has(no_channel, "nvscisync_a_")) << no_channel.output;
}

TEST_F(CommandTest, OutputThatCannotBePrintedIsAFailure) {
    for (const char* arguments :
         {"devices > /dev/full", "ipc > /dev/full", "ipc --json > /dev/full", "demo > /dev/full", "--help > /dev/full",
          "layout --type pyramid --format NV12 --size 640x480 --layout pitch-linear --levels "
          "10 --json > /dev/full"}) {
        const Outcome outcome = run(arguments, "OPENNVSCI_DEVICE=soft OPENNVSCI_SOFT_DEVICES=16");
        EXPECT_EQ(outcome.exit_code, 1) << arguments << ": " << outcome.output;
    }
}

TEST_F(CommandTest, WrongUsageExitsWithTwoAndHelpWithZero) {
    for (const char* arguments :
         {"", "dance", "demo --device gpu", "demo --device -1", "demo --output a.jpg", "demo --what", "devices extra",
          "ipc extra", "run", "run --device other -- true", "run --soft --device gpu -- true", "layout",
          "layout --type film", "layout --type raw --bytes -1", "layout --type raw --bytes 1 --size 1x1",
          "layout --type image --format NV13", "layout --type image --size 12", "layout --type tensor --dims 1,-2",
          "layout --type raw --gpu -1"}) {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exit_code, 2) << arguments << ": " << outcome.output;
    }
    for (const char* arguments :
         {"--help", "demo --help", "devices --help", "ipc --help", "layout --help", "run --help"}) {
        EXPECT_EQ(run(arguments).exit_code, 0) << arguments;
    }
    EXPECT_TRUE(has(run("run --help"), "LD_LIBRARY_PATH"));
}

TEST_F(CommandTest, DevicesShowsDriverAndCapabilities) {
    const Outcome devices = run("devices", "OPENNVSCI_DEVICE=soft OPENNVSCI_SOFT_DEVICES=2");
    ASSERT_EQ(devices.exit_code, 0) << devices.output;
    for (const char* part : {"software device, CUDA ", "libcuda.so.1", "OPENNVSCI_DEVICE=soft asks for it", "device 0:",
                             "device 1:", "UUID", "compute capability", "GiB", "virtual memory management    yes",
                             "read-only host registration  yes", "compressible memory"}) {
        EXPECT_TRUE(has(devices, part)) << part << " is not in:\n" << devices.output;
    }
}

TEST_F(CommandTest, DevicesAsJson) {
    const Outcome devices = run("devices --json", "OPENNVSCI_DEVICE=soft");
    ASSERT_EQ(devices.exit_code, 0) << devices.output;
    const auto json = nlohmann::json::parse(devices.output);
    EXPECT_EQ(json["driver"]["is_software"], true);
    ASSERT_EQ(json["devices"].size(), 1U);
    EXPECT_EQ(json["devices"][0]["uuid"].get<std::string>().size(), 40U);
}

TEST_F(CommandTest, DevicesWithAWrongVariableFails) {
    const Outcome devices = run("devices", "OPENNVSCI_DEVICE=tpu");
    EXPECT_EQ(devices.exit_code, 1);
    EXPECT_TRUE(has(devices, "OPENNVSCI_DEVICE=tpu: not one of auto, gpu and soft")) << devices.output;
}

constexpr const char* kNv12 = "layout --type image --format NV12 --size 1920x1080 --layout block-linear ";

TEST_F(CommandTest, LayoutShowsPlanes) {
    const Outcome layout = run(kNv12);
    ASSERT_EQ(layout.exit_code, 0) << layout.output;
    EXPECT_EQ(layout.output,
              R"(image NV12 1920x1080, block-linear

  region   format  width x height   offset  pitch  aligned height  block height     used     size   waste
  -------  ------  --------------  -------  -----  --------------  ------------  -------  -------  ------
  plane 0  Y8         1920 x 1080        0   1920            1152            16  2073600  2228224   6.9 %
  plane 1  V8U8         960 x 540  2228224   1920             640            16  1036800  1245184  16.7 %

  size       3473408 bytes, of which 363008 (10.5 %) are waste
  alignment  65536 bytes
  memory     system memory: no GPU takes part
)");
}

TEST_F(CommandTest, LayoutAsJson) {
    const Outcome layout = run(std::string(kNv12) + "--json --gpu", "OPENNVSCI_DEVICE=soft");
    ASSERT_EQ(layout.exit_code, 0) << layout.output;
    const auto json = nlohmann::json::parse(layout.output);
    EXPECT_EQ(json["size"], 3473408);
    EXPECT_EQ(json["used"], 3110400);
    EXPECT_EQ(json["alignment"], 65536);
    EXPECT_EQ(json["memory"]["place"], "video memory");
    EXPECT_EQ(json["memory"]["gpu"].get<std::string>().size(), 40U);
    ASSERT_EQ(json["regions"].size(), 2U);
    const auto& chroma = json["regions"][1];
    EXPECT_EQ(chroma["name"], "plane 1");
    EXPECT_EQ(chroma["format"], "V8U8");
    EXPECT_EQ(chroma["offset"], 2228224);
    EXPECT_EQ(chroma["size"], 1245184);
    EXPECT_EQ(chroma["width"], 960);
    EXPECT_EQ(chroma["height"], 540);
    EXPECT_EQ(chroma["pitch"], 1920);
    EXPECT_EQ(chroma["aligned_height"], 640);
    EXPECT_EQ(chroma["block_height_gobs"], 16);
    EXPECT_EQ(chroma["second_field_offset"], 0);
}

TEST_F(CommandTest, LayoutIsDrawn) {
    const Outcome layout = run(std::string(kNv12) + "--svg map.svg");
    ASSERT_EQ(layout.exit_code, 0) << layout.output;
    EXPECT_EQ(read_file("map.svg").rfind("<svg xmlns=\"http://www.w3.org/2000/svg\"", 0), 0U);
    const Outcome nowhere = run(std::string(kNv12) + "--svg /nowhere/map.svg");
    EXPECT_EQ(nowhere.exit_code, 1);
    EXPECT_EQ(nowhere.output, "opennvsci: cannot write /nowhere/map.svg: No such file or directory\n");
}

TEST_F(CommandTest, LayoutOfARefusedBufferGivesTheReason) {
    const std::pair<const char*, const char*> cases[] = {
        {"--type raw", "NvSciBufRawBufferAttrKey_Size: mandatory for this type of buffer"},
        {"--type raw --bytes 0", "NvSciBufRawBufferAttrKey_Size: 0 is not legal; it must be greater than 0"},
        {"--type raw --bytes 1 --gpu 7", "there is no device 7: the driver has 1"},
        {"--type image --format NV12 --size 64x64 --layout pitch-linear --plane-align 1024",
         "the image is described by a surface and by planes"},
        {"--type array --data-type Uint32 --stride 2 --capacity 1", "2 bytes, but an element has 4"},
        {"--type pyramid --format NV12 --size 64x64 --layout pitch-linear --levels 11", "it must be 1 to 10"},
        {"--type tensor --dims 3,5 --data-type Int4", "5 elements of 4 bits, two to a byte"}};
    for (const auto& [arguments, reason] : cases) {
        const Outcome layout = run(std::string("layout ") + arguments, "OPENNVSCI_DEVICE=soft");
        EXPECT_EQ(layout.exit_code, 1) << arguments;
        EXPECT_TRUE(has(layout, reason)) << arguments << ": " << layout.output;
    }
}

TEST_F(CommandTest, RunSoftGivesTheProgramTheSoftwareDevice) {
    const std::string program = "'" + (program_folder() / "opennvsci_names_its_driver").string() + "'";
    for (const char* options : {"run --soft -- ", "run --device soft -- ", "run --soft "}) {
        const Outcome outcome = run(options + program, "LD_LIBRARY_PATH=/nowhere");
        EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
        EXPECT_EQ(outcome.output, "software device\n") << options;
    }
}

TEST_F(CommandTest, RunPassesArgumentsEnvironmentAndExitCode) {
    const std::string program = "'" + (program_folder() / "opennvsci_names_its_driver").string() + "'";
    const Outcome arguments = run("run --soft -- " + program + " --soft -- 'a b'");
    EXPECT_EQ(arguments.output, "software device\nargument --soft\nargument --\nargument a b\n");
    EXPECT_EQ(arguments.exit_code, 3);
    EXPECT_EQ(run("run --soft -- sh -c 'echo $OPENNVSCI_DEVICE'").output, "soft\n");
    EXPECT_EQ(run("run --device gpu -- sh -c 'echo $OPENNVSCI_DEVICE'").output, "gpu\n");
    EXPECT_EQ(run("run -- sh -c 'echo $OPENNVSCI_DEVICE'", "OPENNVSCI_DEVICE=auto").output, "auto\n");
}

TEST_F(CommandTest, RunOfAMissingProgramExitsWith127) {
    const Outcome outcome = run("run --soft -- /nowhere/program");
    EXPECT_EQ(outcome.exit_code, 127);
    EXPECT_EQ(outcome.output, "opennvsci: cannot start /nowhere/program: No such file or directory\n");
}

}  // namespace
}  // namespace opennvsci::tool
