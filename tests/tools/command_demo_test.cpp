// SPDX-License-Identifier: Apache-2.0
//
// The built `opennvsci demo` as users run it.
#include <unistd.h>

#include <cmath>
#include <ios>

#include "command.h"
#include "picture.h"

namespace opennvsci::tool {
namespace {

std::string shipped_picture() {
    return built("share/opennvsci/picture.png");
}

TEST_F(CommandTest, DemoMakesTheShippedPictureGray) {
    const Outcome demo = run("demo --device soft --output gray.png");
    ASSERT_EQ(demo.exit_code, 0) << demo.output;
    const auto before = read_picture(shipped_picture());
    const auto after = read_picture(folder_ / "gray.png");
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
    EXPECT_TRUE(has(demo, "denied: the CPU takes part ("));
    EXPECT_TRUE(has(demo, "system memory"));
    EXPECT_TRUE(has(demo, "video memory"));
    EXPECT_EQ(count(demo.output, "CUDA_ERROR_INVALID_VALUE"), 4) << demo.output;
    EXPECT_TRUE(has(demo, "the object is read-only")) << demo.output;
    EXPECT_TRUE(has(demo, "equals the CPU's bit by bit"));
}

// What nobody names goes to the temporary folder, and the next demo replaces it.
TEST_F(CommandTest, DemoWithoutOutputLeavesNothingHere) {
    write_picture("in.png", 2, 1, {0, 255});
    std::filesystem::create_directory(folder_ / "temporary");
    const std::string environment = "TMPDIR='" + (folder_ / "temporary").string() + "'";
    const auto picture = folder_ / "temporary" / ("opennvsci-demo-" + std::to_string(::geteuid()) + ".png");
    for (int i = 0; i < 2; ++i) {
        const Outcome demo = run("demo --device soft --input in.png", environment);
        EXPECT_EQ(demo.exit_code, 0) << demo.output;
        EXPECT_TRUE(has(demo, "wrote " + picture.string() + ";")) << demo.output;
        EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);
        const auto written = read_picture(picture);
        ASSERT_TRUE(written) << written.error().text;
        EXPECT_EQ(written->rgb, (std::vector<std::uint8_t>{0, 0, 0, 255, 255, 255}));
    }
    // A demo that fails leaves the picture of the one before.
    EXPECT_EQ(run("demo --device soft --input missing.png", environment).exit_code, 1);
    EXPECT_TRUE(read_picture(picture));
    // A link, or a pipe, that somebody else put there is not followed.
    std::filesystem::remove(picture);
    write_file("precious", "kept");
    std::filesystem::create_symlink(folder_ / "precious", picture);
    EXPECT_EQ(run("demo --device soft --input in.png", environment).exit_code, 0);
    EXPECT_EQ(read_file("precious"), "kept");
    EXPECT_TRUE(read_picture(picture));
    std::filesystem::remove(picture);
    ASSERT_EQ(::mkfifo(picture.c_str(), 0666), 0);
    EXPECT_EQ(run("demo --device soft --input in.png", environment).exit_code, 0);
    EXPECT_TRUE(read_picture(picture));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "temporary"), {}), 1);
}

TEST_F(CommandTest, TwoDemosAtATimeDoNotCollide) {
    const std::string program = "'" + (program_folder() / "opennvsci").string() + "'";
    const std::string demo = program + " demo --device soft >&2";
    const Outcome both = run("run --soft sh -c \"" + demo + " & " + demo + "; first=\\$?; wait \\$! && exit \\$first\"",
                             "OPENNVSCI_INTERPOSE=0");
    EXPECT_EQ(both.exit_code, 0) << both.output;
    EXPECT_EQ(count(both.output, "everything held"), 2) << both.output;
}

TEST_F(CommandTest, DemoRunsOnTheDeviceOfThatNumber) {
    write_picture("in.png", 1, 1, {7});
    const std::string two_devices = "OPENNVSCI_DEVICE=soft OPENNVSCI_SOFT_DEVICES=2";
    const Outcome second = run("demo --device 1 --input in.png", two_devices);
    EXPECT_EQ(second.exit_code, 0) << second.output;
    EXPECT_TRUE(has(second, "software device 1")) << second.output;
    const Outcome third = run("demo --device 2 --input in.png", two_devices);
    EXPECT_EQ(third.exit_code, 1);
    EXPECT_TRUE(has(third, "there is no device 2: the driver has 2")) << third.output;
}

TEST_F(CommandTest, DemoRefusesBadPicturesWithOneAndTheReason) {
    write_file("text.png", "no picture");
    std::ifstream whole(shipped_picture(), std::ios::binary);
    std::string half(60'000, '\0');
    whole.read(half.data(), static_cast<std::streamsize>(half.size()));
    write_file("half.png", half);
    const std::pair<const char*, const char*> cases[] = {{"text.png", "it is no PNG"},
                                                         {"half.png", "the PNG is damaged or cut off"},
                                                         {"missing.png", "No such file"},
                                                         {".", "it is a directory"}};
    for (const auto& [file, reason] : cases) {
        const Outcome demo = run(std::string("demo --device soft --input ") + file);
        EXPECT_EQ(demo.exit_code, 1) << file;
        EXPECT_TRUE(has(demo, reason)) << file << ": " << demo.output;
        EXPECT_TRUE(has(demo, file)) << demo.output;
    }
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);  // what was there before
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
    EXPECT_TRUE(has(outcome, "vision at peer nvscisync_a_1: Readonly")) << outcome.output;
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

// A memory file that gets the number of stdout would be written into.
TEST_F(CommandTest, DemoWithoutStandardDescriptorsDoesItsWork) {
    const Outcome demo = run("demo --device soft --output gray.png <&- >&- 2>&-");
    EXPECT_EQ(demo.exit_code, 1);
    const auto picture = read_picture(folder_ / "gray.png");
    EXPECT_TRUE(picture) << picture.error().text;
}

}  // namespace
}  // namespace opennvsci::tool
