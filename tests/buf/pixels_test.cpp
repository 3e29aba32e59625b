// SPDX-License-Identifier: Apache-2.0
//
// NvSciBufObjGetPixels and PutPixels: where every byte lies, computed here from the attributes and the published
// tiling, and every documented refusal.
#include "buf_test.h"

namespace opennvsci::test {
namespace {

constexpr unsigned char kUntouched = 0xA5;

/// A plane of the program, and where its bytes belong: in all bytes of an image plane, or in every second component.
struct UserPlane {
    std::size_t row_bytes;
    std::size_t rows;
    std::size_t plane;
    std::size_t component_bytes = 0;  // 0: all bytes
    std::size_t component = 0;
    std::vector<unsigned char> bytes = {};

    static constexpr std::size_t kGap = 3;
    [[nodiscard]] std::size_t pitch() const { return row_bytes + kGap; }
    [[nodiscard]] std::size_t size() const { return (rows - 1) * pitch() + row_bytes; }
    [[nodiscard]] bool is_gap(std::size_t i) const { return i % pitch() >= row_bytes; }
    /// The byte column of the image plane.
    [[nodiscard]] std::size_t column(std::size_t x) const {
        if (component_bytes == 0) return x;
        return (2 * (x / component_bytes) + component) * component_bytes + x % component_bytes;
    }
};

struct Arguments {
    std::vector<void*> pointers;
    std::vector<std::uint32_t> sizes;
    std::vector<std::uint32_t> pitches;

    explicit Arguments(std::vector<UserPlane>& planes) {
        for (UserPlane& plane : planes) {
            pointers.push_back(plane.bytes.data());
            sizes.push_back(static_cast<std::uint32_t>(plane.size()));
            pitches.push_back(static_cast<std::uint32_t>(plane.pitch()));
        }
    }
    NvSciError get(NvSciBufObj object, const NvSciBufRect* rect = nullptr) {
        return NvSciBufObjGetPixels(object, rect, pointers.data(), sizes.data(), pitches.data());
    }
    NvSciError put(NvSciBufObj object, const NvSciBufRect* rect = nullptr) {
        return NvSciBufObjPutPixels(object, rect, const_cast<const void**>(pointers.data()), sizes.data(),
                                    pitches.data());
    }
};

class PixelsTest : public BufTest {
  protected:
    static NvSciBufAttrList list_of(NvSciBufObj object) {
        NvSciBufAttrList list = nullptr;
        EXPECT_EQ(NvSciBufObjGetAttrList(object, &list), kSuccess);
        return list;
    }
    [[nodiscard]] Object image(const Attributes& attributes) const {
        return allocate(result_of(attributes.with(NvSciBufGeneralAttrKey_NeedCpuAccess, true)));
    }
    static unsigned char* start_of(NvSciBufObj object) {
        void* pointer = nullptr;
        EXPECT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
        return static_cast<unsigned char*>(pointer);
    }

    /// Where a byte of an image plane lies: nvscibuf.md 5 for pitch-linear, cuda-interop.md 3.2 and 3.3 for
    /// block-linear.
    static std::size_t place(NvSciBufAttrList list, std::size_t plane, std::size_t column, std::size_t row) {
        const auto offset = test::get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneOffset)[plane];
        const std::size_t pitch = test::get<std::uint32_t>(list, NvSciBufImageAttrKey_PlanePitch)[plane];
        if (test::get<NvSciBufAttrValImageLayoutType>(list, NvSciBufImageAttrKey_Layout)[0] == kPitch) {
            const bool interlaced = test::get<std::uint32_t>(list, NvSciBufImageAttrKey_ScanType)[0] != 0;
            if (!interlaced) return offset + row * pitch + column;
            const auto second = test::get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneSecondFieldOffset)[plane];
            return offset + (row % 2) * second + row / 2 * pitch + column;
        }
        const std::size_t height = test::get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneHeight)[plane];
        const std::size_t h = height <= 10 ? 0 : height <= 21 ? 1 : height <= 42 ? 2 : height <= 85 ? 3 : 4;
        const std::size_t block_rows = std::size_t{8} << h;
        const std::size_t block = row / block_rows * (pitch / 64) + column / 64;
        const std::size_t x = column % 64;
        const std::size_t y = row % 8;
        const std::size_t in_gob = (x & 15) | (y & 3) << 4 | (x & 16) << 2 | (y & 4) << 5 | (x & 32) << 3;
        return offset + block * (std::size_t{512} << h) + row % block_rows / 8 * 512 + in_gob;
    }
};

struct Case {
    const char* what;
    Attributes attributes;
    std::vector<UserPlane> planes;
};

std::vector<Case> cases() {
    const auto y8 = [](NvSciBufAttrValImageLayoutType layout, std::uint32_t width, std::uint32_t height) {
        return plane_image(layout, {{NvSciColor_Y8, width, height}});
    };
    const auto interlace = [](const Attributes& attributes) {
        return attributes.with(NvSciBufImageAttrKey_ScanType, NvSciBufScan_InterlaceType);
    };
    const auto yuv = [](NvSciBufAttrValImageLayoutType layout, NvSciBufSurfMemLayout memory, NvSciBufSurfBPC bits,
                        NvSciBufSurfComponentOrder order) {
        return surface_image(layout, memory, NvSciSurfSampleType_420, bits, order, 71, 45);
    };
    constexpr auto kYuv = NvSciSurfComponentOrder_YUV;
    constexpr auto kYvu = NvSciSurfComponentOrder_YVU;
    constexpr auto kSemi = NvSciSurfMemLayout_SemiPlanar;
    constexpr auto kPlanar = NvSciSurfMemLayout_Planar;
    std::vector<Case> all;
    for (const auto layout : {kPitch, kBlock}) {
        all.push_back({"one pixel", y8(layout, 1, 1), {{1, 1, 0}}});
        all.push_back({"Y8", y8(layout, 300, 100), {{300, 100, 0}}});
        all.push_back({"RGBA", plane_image(layout, {{NvSciColor_A8B8G8R8, 67, 33}}), {{268, 33, 0}}});
        all.push_back({"interlaced", interlace(y8(layout, 300, 101)), {{300, 101, 0}}});
        all.push_back({"packed 4:2:2", plane_image(layout, {{NvSciColor_Y8U8Y8V8, 64, 12}}), {{128, 12, 0}}});
        all.push_back({"a pair of its own", plane_image(layout, {{NvSciColor_U8V8, 9, 9}}), {{18, 9, 0}}});
        all.push_back(
            {"NV12", yuv(layout, kSemi, NvSciSurfBPC_8, kYuv), {{71, 45, 0}, {36, 23, 1, 1, 0}, {36, 23, 1, 1, 1}}});
        all.push_back(
            {"NV21", yuv(layout, kSemi, NvSciSurfBPC_8, kYvu), {{71, 45, 0}, {36, 23, 1, 1, 1}, {36, 23, 1, 1, 0}}});
        all.push_back(
            {"P010", yuv(layout, kSemi, NvSciSurfBPC_10, kYuv), {{142, 45, 0}, {72, 23, 1, 2, 0}, {72, 23, 1, 2, 1}}});
        all.push_back({"interlaced P010",
                       interlace(yuv(layout, kSemi, NvSciSurfBPC_10, kYvu)),
                       {{142, 45, 0}, {72, 23, 1, 2, 1}, {72, 23, 1, 2, 0}}});
        all.push_back({"I420", yuv(layout, kPlanar, NvSciSurfBPC_8, kYuv), {{71, 45, 0}, {36, 23, 1}, {36, 23, 2}}});
        all.push_back({"YV12", yuv(layout, kPlanar, NvSciSurfBPC_8, kYvu), {{71, 45, 0}, {36, 23, 2}, {36, 23, 1}}});
        all.push_back({"chroma first",
                       plane_image(layout, {{NvSciColor_V8U8, 5, 4}, {NvSciColor_Y8, 10, 8}}),
                       {{10, 8, 1}, {5, 4, 0, 1, 0}, {5, 4, 0, 1, 1}}});
        all.push_back({"RGB planes in another order",
                       plane_image(layout, {{NvSciColor_B8, 7, 5}, {NvSciColor_R8, 7, 5}, {NvSciColor_G8, 7, 5}}),
                       {{7, 5, 1}, {7, 5, 2}, {7, 5, 0}}});
        all.push_back({"raw planes",
                       plane_image(layout, {{NvSciColor_Bayer8RGGB, 7, 5}, {NvSciColor_Bayer16BGGR, 3, 2}}),
                       {{7, 5, 0}, {6, 2, 1}}});
    }
    return all;
}

TEST_F(PixelsTest, EveryByteGoesWhereTheLayoutSays) {
    for (Case& one : cases()) {
        SCOPED_TRACE(one.what);
        const Object object = image(one.attributes);
        unsigned char* const memory = start_of(object);
        unsigned char next = 1;
        for (UserPlane& plane : one.planes) {
            plane.bytes.assign(plane.size(), 0);
            for (unsigned char& byte : plane.bytes)
                byte = next = static_cast<unsigned char>(next * 5 + 17);
        }
        ASSERT_EQ(Arguments(one.planes).put(object), kSuccess) << opennvsciGetLastErrorText();
        const NvSciBufAttrList list = list_of(object);
        for (const UserPlane& plane : one.planes) {
            std::size_t wrong = 0;
            for (std::size_t y = 0; y < plane.rows; ++y) {
                for (std::size_t x = 0; x<plane.row_bytes; x += plane.rows> 50 ? 13 : 1)
                    wrong += memory[place(list, plane.plane, plane.column(x), y)] != plane.bytes[y * plane.pitch() + x];
            }
            EXPECT_EQ(wrong, 0U);
        }
        std::vector<UserPlane> back = one.planes;
        for (UserPlane& plane : back)
            plane.bytes.assign(plane.size(), kUntouched);
        ASSERT_EQ(Arguments(back).get(object), kSuccess);
        for (std::size_t i = 0; i < back.size(); ++i) {
            std::size_t wrong = 0;
            for (std::size_t at = 0; at < back[i].size(); ++at)
                wrong += back[i].bytes[at] != (back[i].is_gap(at) ? kUntouched : one.planes[i].bytes[at]);
            EXPECT_EQ(wrong, 0U) << "plane " << i;
        }
    }
}

TEST_F(PixelsTest, ARectangleLeavesTheRestAlone) {
    for (const auto layout : {kPitch, kBlock}) {
        for (const auto scan : {NvSciBufScan_ProgressiveType, NvSciBufScan_InterlaceType}) {
            const Object object =
                image(plane_image(layout, {{NvSciColor_A16, 100, 40}}).with(NvSciBufImageAttrKey_ScanType, scan));
            std::vector<UserPlane> whole{{200, 40, 0}};
            whole[0].bytes.assign(whole[0].size(), 0);
            for (const NvSciBufRect& rect :
                 {NvSciBufRect{0, 0, 100, 40}, NvSciBufRect{3, 5, 77, 39}, NvSciBufRect{99, 39, 100, 40},
                  NvSciBufRect{50, 7, 50, 9}, NvSciBufRect{3, 40, 9, 40}, NvSciBufRect{100, 40, 100, 40}}) {
                ASSERT_EQ(Arguments(whole).put(object), kSuccess);
                const std::size_t row_bytes = 2 * (rect.x1 - rect.x0);
                std::vector<unsigned char> bytes(200 * 40, 0xFF);
                void* pointers[] = {bytes.data()};
                const void* const_pointers[] = {bytes.data()};
                const std::uint32_t sizes[] = {200 * 40};
                const std::uint32_t pitches[] = {200};
                ASSERT_EQ(NvSciBufObjPutPixels(object, &rect, const_pointers, sizes, pitches), kSuccess);
                const NvSciBufAttrList list = list_of(object);
                std::size_t wrong = 0;
                for (std::size_t y = 0; y < 40; ++y) {
                    for (std::size_t x = 0; x < 200; ++x) {
                        const bool inside = x / 2 >= rect.x0 && x / 2 < rect.x1 && y >= rect.y0 && y < rect.y1;
                        if (y % 5 == 0 || inside) wrong += (start_of(object)[place(list, 0, x, y)] != 0) != inside;
                    }
                }
                EXPECT_EQ(wrong, 0U);
                bytes.assign(200 * 40, kUntouched);
                ASSERT_EQ(NvSciBufObjGetPixels(object, &rect, pointers, sizes, pitches), kSuccess);
                EXPECT_EQ(static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), 0xFF)),
                          row_bytes * (rect.y1 - rect.y0));
            }
        }
    }
}

/// Arguments for an NV12 image of 16 x 8 that are right, for a test to spoil one.
class PixelsRefusalTest : public PixelsTest {
  protected:
    static std::vector<UserPlane> planes() {
        std::vector<UserPlane> all{{16, 8, 0}, {8, 4, 1, 1, 0}, {8, 4, 1, 1, 1}};
        for (UserPlane& plane : all)
            plane.bytes.assign(plane.size(), 0);
        return all;
    }
    [[nodiscard]] Object nv12() const {
        return image(surface_image(kPitch, NvSciSurfMemLayout_SemiPlanar, NvSciSurfSampleType_420, NvSciSurfBPC_8,
                                   NvSciSurfComponentOrder_YUV, 16, 8));
    }
    /// Both directions refuse, and say why.
    static void expect_both(Arguments arguments, NvSciBufObj object, NvSciError code,
                            const std::vector<std::string>& parts, const NvSciBufRect* rect = nullptr) {
        EXPECT_EQ(arguments.get(object, rect), code);
        for (const std::string& part : parts)
            EXPECT_TRUE(contains(opennvsciGetLastErrorText(), part));
        EXPECT_EQ(arguments.put(object, rect), code);
        for (const std::string& part : parts)
            EXPECT_TRUE(contains(opennvsciGetLastErrorText(), part));
    }
};

TEST_F(PixelsRefusalTest, NullArguments) {
    const Object object = nv12();
    auto users = planes();
    Arguments good(users);
    ASSERT_EQ(good.get(object), kSuccess);
    ASSERT_EQ(good.put(object), kSuccess);
    expect_both(good, nullptr, kBadParameter, {"bufObj"});
    void** pointers = good.pointers.data();
    const auto const_pointers = const_cast<const void**>(good.pointers.data());
    const auto* sizes = good.sizes.data();
    const auto* pitches = good.pitches.data();
    EXPECT_EQ(NvSciBufObjGetPixels(object, nullptr, nullptr, sizes, pitches), kBadParameter);
    EXPECT_EQ(NvSciBufObjGetPixels(object, nullptr, pointers, nullptr, pitches), kBadParameter);
    EXPECT_EQ(NvSciBufObjGetPixels(object, nullptr, pointers, sizes, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufObjPutPixels(object, nullptr, nullptr, sizes, pitches), kBadParameter);
    EXPECT_EQ(NvSciBufObjPutPixels(object, nullptr, const_pointers, nullptr, pitches), kBadParameter);
    EXPECT_EQ(NvSciBufObjPutPixels(object, nullptr, const_pointers, sizes, nullptr), kBadParameter);
}

TEST_F(PixelsRefusalTest, PlanesThatDoNotHoldTheRows) {
    const Object object = nv12();
    auto users = planes();
    for (std::size_t i = 0; i < users.size(); ++i) {
        const std::string plane = "plane " + std::to_string(i);
        const Arguments good(users);
        Arguments bad = good;
        bad.pointers[i] = nullptr;
        expect_both(bad, object, kBadParameter, {plane, "null"});
        bad = good;
        bad.sizes[i] = 0;
        expect_both(bad, object, kBadParameter, {plane, "size is 0"});
        bad = good;
        bad.pitches[i] = 0;
        expect_both(bad, object, kBadParameter, {plane, "pitch is 0"});
        bad = good;
        bad.pitches[i] = static_cast<std::uint32_t>(users[i].row_bytes - 1);
        expect_both(bad, object, kBadParameter, {plane, "pitch is " + std::to_string(users[i].row_bytes - 1)});
        bad = good;
        --bad.sizes[i];
        expect_both(
            bad, object, kBadParameter,
            {plane, "need " + std::to_string(users[i].size()), "size is " + std::to_string(users[i].size() - 1)});
        bad = good;
        bad.pitches[i] = ~0U;
        expect_both(bad, object, kBadParameter, {plane, "4294967295"});
    }
}

TEST_F(PixelsRefusalTest, PlanesThatOverlap) {
    const Object object = nv12();
    auto users = planes();
    const Arguments good(users);
    std::vector<unsigned char> shared(1000);
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            for (const std::size_t distance : {std::size_t{0}, users[k].size() - 1}) {
                Arguments bad = good;
                bad.pointers[k] = shared.data();
                bad.pointers[i] = shared.data() + distance;
                expect_both(bad, object, kBadParameter, {"planes " + std::to_string(k) + " and " + std::to_string(i)});
            }
            Arguments next_to_each_other = good;
            next_to_each_other.pointers[k] = shared.data();
            next_to_each_other.pointers[i] = shared.data() + users[k].size();
            EXPECT_EQ(next_to_each_other.put(object), kSuccess);
        }
    }
}

TEST_F(PixelsRefusalTest, PlanesThatOverlapTheBuffer) {
    const Object object = nv12();
    auto users = planes();
    const auto size = test::get<std::uint64_t>(list_of(object), NvSciBufImageAttrKey_Size)[0];
    for (std::size_t i = 0; i < 3; ++i) {
        for (const std::uint64_t at : {std::uint64_t{0}, size - 1}) {
            Arguments bad(users);
            bad.pointers[i] = start_of(object) + at;
            expect_both(bad, object, kBadParameter, {"plane " + std::to_string(i) + " overlaps the buffer"});
        }
        Arguments ends_inside(users);
        ends_inside.pointers[i] = start_of(object) - users[i].size() + 1;
        expect_both(ends_inside, object, kBadParameter, {"overlaps the buffer"});
    }
}

TEST_F(PixelsRefusalTest, RectanglesOfYuvImages) {
    const NvSciBufRect rect{0, 0, 1, 1};
    auto users = planes();
    expect_both(Arguments(users), nv12(), kBadParameter, {"rect", "YUV"}, &rect);
    for (const auto format : {NvSciColor_Y8, NvSciColor_Y8U8Y8V8, NvSciColor_A8Y8U8V8, NvSciColor_V16U16}) {
        std::vector<UserPlane> one{{32, 4, 0}};
        one[0].bytes.assign(one[0].size(), 0);
        expect_both(Arguments(one), image(plane_image(kPitch, {{format, 4, 4}})), kBadParameter, {"rect", "YUV"},
                    &rect);
    }
}

TEST_F(PixelsRefusalTest, RectanglesOutsideTheImage) {
    const Object object = image(plane_image(kPitch, {{NvSciColor_A8, 10, 6}}));
    std::vector<UserPlane> one{{10, 6, 0}};
    one[0].bytes.assign(one[0].size(), 0);
    const std::uint64_t most = ~std::uint64_t{0};
    for (const NvSciBufRect& rect :
         {NvSciBufRect{0, 0, 11, 6}, NvSciBufRect{0, 0, 10, 7}, NvSciBufRect{5, 0, 4, 6}, NvSciBufRect{0, 5, 10, 4},
          NvSciBufRect{most, 0, most, 6}, NvSciBufRect{0, most - 1, 10, most}, NvSciBufRect{11, 0, 11, 6},
          NvSciBufRect{0, 0, most, most}}) {
        expect_both(Arguments(one), object, kBadParameter,
                    {"rectangle", "(" + std::to_string(rect.x0) + ", " + std::to_string(rect.y0) + ")", "10 x 6"},
                    &rect);
    }
}

TEST_F(PixelsRefusalTest, ObjectsWithoutPixels) {
    auto users = planes();
    expect_both(Arguments(users), allocate(reconciled({cpu_list()})), kBadParameter, {"no image"});
    const Attributes gpu_only = surface_image(kPitch, NvSciSurfMemLayout_SemiPlanar, NvSciSurfSampleType_420,
                                              NvSciSurfBPC_8, NvSciSurfComponentOrder_YUV, 16, 8);
    expect_both(Arguments(users), allocate(result_of(gpu_only)), kBadParameter,
                {"NvSciBufGeneralAttrKey_NeedCpuAccess"});
}

TEST_F(PixelsRefusalTest, AReadOnlyObjectGivesPixelsAndTakesNone) {
    const Object object = nv12();
    std::memset(start_of(object), 7, 100);
    Object reduced;
    ASSERT_EQ(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, reduced.out()), kSuccess);
    auto users = planes();
    EXPECT_EQ(Arguments(users).put(reduced), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "read-only"));
    EXPECT_EQ(Arguments(users).get(reduced), kSuccess);
    EXPECT_EQ(users[0].bytes[0], 7);
}

TEST_F(PixelsRefusalTest, PlanesThatTogetherAreNoKnownImage) {
    const std::vector<std::vector<NvSciBufAttrValColorFmt>> unknown = {
        {NvSciColor_Y8, NvSciColor_U8},
        {NvSciColor_Y8, NvSciColor_Y8},
        {NvSciColor_Y8, NvSciColor_A8},
        {NvSciColor_A8, NvSciColor_Y8},
        {NvSciColor_Y8, NvSciColor_V8U8, NvSciColor_A8},
        {NvSciColor_Y8, NvSciColor_V8U8, NvSciColor_V8U8},
        {NvSciColor_Y8, NvSciColor_U8, NvSciColor_U8},
        {NvSciColor_Y8, NvSciColor_V8U8, NvSciColor_V8},
        {NvSciColor_Y8U8Y8V8, NvSciColor_Y8U8Y8V8},
        {NvSciColor_R8, NvSciColor_G8},
        {NvSciColor_R8, NvSciColor_G8, NvSciColor_V8},
        {NvSciColor_R8, NvSciColor_G8, NvSciColor_R8},
        {NvSciColor_A8, NvSciColor_Bayer8RGGB},
    };
    for (const auto& formats : unknown) {
        std::vector<PlaneDescription> described;
        std::vector<UserPlane> users;
        for (const auto format : formats)
            described.push_back({format, 2, 2});
        for (int i = 0; i < 3; ++i) {
            users.push_back({4, 2, 0});
            users.back().bytes.assign(users.back().size(), 0);
        }
        expect_both(Arguments(users), image(plane_image(kPitch, described)), kNotSupported, {"no known image"});
    }
}

}  // namespace
}  // namespace opennvsci::test
