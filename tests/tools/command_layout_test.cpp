// SPDX-License-Identifier: Apache-2.0
//
// The built `opennvsci layout` as users run it.
#include <nlohmann/json.hpp>

#include "command.h"

namespace opennvsci::tool {
namespace {

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

// Narrow terminals get titles of several lines, and the rest of the columns in a second table.
TEST_F(CommandTest, LayoutFitsTheTerminal) {
    EXPECT_EQ(run(kNv12, "COLUMNS=80").output,
              R"(image NV12 1920x1080, block-linear

                       width x                  aligned   block
  region   format       height   offset  pitch   height  height     used
  -------  ------  -----------  -------  -----  -------  ------  -------
  plane 0  Y8      1920 x 1080        0   1920     1152      16  2073600
  plane 1  V8U8      960 x 540  2228224   1920      640      16  1036800

  region      size   waste
  -------  -------  ------
  plane 0  2228224   6.9 %
  plane 1  1245184  16.7 %

  size       3473408 bytes, of which 363008 (10.5 %) are waste
  alignment  65536 bytes
  memory     system memory: no GPU takes part
)");
    EXPECT_EQ(run(kNv12, "COLUMNS=").output, run(kNv12, "COLUMNS=80").output) << "a pipe has no width";
}

TEST_F(CommandTest, NamesMayBeInCapitalsOrNot) {
    EXPECT_EQ(run("layout --type IMAGE --format nv12 --size 1920x1080 --layout Block-Linear").output,
              run(kNv12).output);
    const char* const kPlanes = "layout --type image --format Y8,V8U8 --size 64x64,32x32 --layout pitch-linear";
    EXPECT_EQ(run("layout --type image --format y8,v8u8 --size 64x64,32x32 --layout pitch-linear").output,
              run(kPlanes).output);
    EXPECT_EQ(run("layout --type array --data-type FLOAT16 --stride 1k --capacity 3").output,
              run("layout --type array --data-type Float16 --stride 1024 --capacity 3").output);
}

TEST_F(CommandTest, BytesMayHaveUnits) {
    const std::string one_mebibyte = run("layout --type raw --bytes 1048576 --align 65536").output;
    EXPECT_EQ(run("layout --type raw --bytes 1M --align 64K").output, one_mebibyte);
    EXPECT_EQ(run("layout --type raw --bytes 1MiB --align 64kib").output, one_mebibyte);
    EXPECT_EQ(run("layout --type raw --bytes 1048576b --align 64kB").output, one_mebibyte);
    EXPECT_NE(run("layout --type raw --bytes 1 --align 64kib").output, one_mebibyte);
}

TEST_F(CommandTest, LayoutAsJson) {
    const Outcome layout = run(std::string(kNv12) + "--json --gpu", "OPENNVSCI_DEVICE=soft");
    ASSERT_EQ(layout.exit_code, 0) << layout.output;
    const auto json = nlohmann::json::parse(layout.output);
    EXPECT_EQ(json["format_version"], 1);
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
    EXPECT_EQ(run(std::string(kNv12) + "--svg -").output, read_file("map.svg"));
    const Outcome nowhere = run(std::string(kNv12) + "--svg /nowhere/map.svg");
    EXPECT_EQ(nowhere.exit_code, 1);
    EXPECT_EQ(nowhere.output, "opennvsci: cannot write /nowhere/map.svg: No such file or directory\n");
}

TEST_F(CommandTest, LayoutOfARefusedBufferGivesTheReason) {
    const std::pair<const char*, const char*> cases[] = {
        {"--type raw --bytes 1 --gpu 7", "there is no device 7: the driver has 1"},
        {"--type image --format NV12 --size 64x64 --layout pitch-linear --plane-align 1024",
         "the image is described by a surface (SurfType in the command line) and by planes (PlaneBaseAddrAlign in"},
        {"--type array --data-type Uint32 --stride 2 --capacity 1", "2 bytes, but an element has 4"},
        {"--type pyramid --format NV12 --size 64x64 --layout pitch-linear --levels 2 --scale 3",
         "3 is not legal; it must be greater than 0, at most 1"},
        {"--type tensor --dims 3,5 --data-type Int4", "5 elements of 4 bits, two to a byte"}};
    for (const auto& [arguments, reason] : cases) {
        const Outcome layout = run(std::string("layout ") + arguments, "OPENNVSCI_DEVICE=soft");
        EXPECT_EQ(layout.exit_code, 1) << arguments;
        EXPECT_TRUE(has(layout, reason)) << arguments << ": " << layout.output;
    }
}

}  // namespace
}  // namespace opennvsci::tool
