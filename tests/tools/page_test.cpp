// SPDX-License-Identifier: Apache-2.0
//
// The page of `opennvsci explain --html` as a text: what a file says cannot become markup, and nothing of it is lost.
// What a browser makes of the page is tested by page/page_test.mjs.
#include "explain/page.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace opennvsci::tool {
namespace {

constexpr std::string_view kDataBegin = R"(<script type="application/json" id="data">)";
constexpr std::string_view kScriptEnd = "</script>";

// What stands in the page's element for data, as a browser finds its end.
std::string data_text(const std::string& page) {
    const std::size_t begin = page.find(kDataBegin);
    if (begin == std::string::npos) return {};
    const std::size_t text = begin + kDataBegin.size();
    return page.substr(text, page.find(kScriptEnd, text) - text);
}

Json data_of(const std::vector<PageNegotiation>& negotiations) {
    return Json::parse(data_text(page_of(negotiations)), nullptr, false);
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
        ++found;
    return found;
}

PageNegotiation named(const std::string& name) {
    return {Json{{"participants", Json::array({Json{{"name", name}, {"asks", Json::object()}}})}}, ""};
}

// Property: whatever a name consists of, the page has the same elements as without it, and the name is all there.
TEST(Page, TextsOfAFileBeginNoMarkup) {
    const std::string plain = page_of(std::vector{named("camera")});
    for (const std::string name : {"</script><script>alert(1)</script>", "<!--<script>", "\"'`&amp;", "\u202egnp.exe",
                                   "OPENNVSCI_NEGOTIATIONS", "\u2028\u2029", "\\u003c/script>"}) {
        const std::string page = page_of(std::vector{named(name)});
        EXPECT_EQ(count(page, "<"), count(plain, "<")) << name;
        const Json data = Json::parse(data_text(page), nullptr, false);
        ASSERT_TRUE(data.is_array()) << name;
        EXPECT_EQ(data[0]["participants"][0]["name"], name);
    }
}

TEST(Page, LayoutsBeginNoMarkupEither) {
    PageNegotiation negotiation = named("camera");
    negotiation.layout = "<svg></svg></script><b>";
    EXPECT_EQ(count(page_of(std::vector{negotiation}), "<"), count(page_of(std::vector{named("camera")}), "<"));
    EXPECT_EQ(data_of({negotiation})[0]["layout"], negotiation.layout);
}

TEST(Page, BytesThatAreNoUtf8AreReplaced) {
    const Json data = data_of({named("cam\xff\xfe")});
    ASSERT_TRUE(data.is_array());
    EXPECT_EQ(data[0]["participants"][0]["name"], "cam\ufffd\ufffd");
}

TEST(Page, HasSeveralNegotiationsInTheirOrder) {
    std::vector<PageNegotiation> negotiations{named("first"), named("second"), named("third")};
    negotiations[1].layout = "<svg/>";
    const Json data = data_of(negotiations);
    ASSERT_EQ(data.size(), 3U);
    EXPECT_EQ(data[2]["participants"][0]["name"], "third");
    EXPECT_FALSE(data[0].contains("layout"));
    EXPECT_TRUE(data[1].contains("layout"));
}

TEST(Page, HasAPlaceForNone) {
    EXPECT_EQ(data_of({}), Json::array());
}

// Lists that nobody negotiated have no texts for their values, and a browser rounds numbers beyond 2^53.
TEST(Page, NumbersStayExactWithoutAReport) {
    const Json fields = Json::parse(R"({"participants": [{"asks": {
        "NvSciBufRawBufferAttrKey_Size": 18446744073709551615, "NvSciBufImageAttrKey_TopPadding": [9007199254740993, 8],
        "NvSciBufRawBufferAttrKey_Align": 4096}}]})");
    const Json asks = data_of({{fields, ""}})[0]["participants"][0]["asks"];
    EXPECT_EQ(asks["NvSciBufRawBufferAttrKey_Size"], "18446744073709551615");
    EXPECT_EQ(asks["NvSciBufImageAttrKey_TopPadding"], Json::parse(R"(["9007199254740993", 8])"));
    EXPECT_EQ(asks["NvSciBufRawBufferAttrKey_Align"], 4096);
}

// Files are read by others; here only nothing may break.
TEST(Page, FieldsOfOtherTypesAreKept) {
    for (const char* text : {"null", "[]", "7", R"({"participants": 3})", R"({"participants": [null, {"asks": []}]})",
                             R"({"participants": [{"asks": {"key": [[[1]]]}}], "report": "none"})"}) {
        const Json fields = Json::parse(text);
        EXPECT_EQ(data_of({{fields, "<svg/>"}}).size(), 1U) << text;
    }
}

// The page is a file from who knows whom in a browser: it must not be able to ask the network for anything.
TEST(Page, ItsPolicyAllowsItsOwnScriptAlone) {
    const std::string page = page_of({});
    EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
    EXPECT_NE(page.find("script-src 'sha256-"), std::string::npos);
    EXPECT_EQ(page.find("script-src 'unsafe-inline'"), std::string::npos);
    EXPECT_EQ(count(page, "://"), count(page, "http://www.w3.org/2000/svg"));
    EXPECT_EQ(page.find("innerHTML"), std::string::npos);
    EXPECT_EQ(page.find('@' + std::string("OPENNVSCI")), std::string::npos);  // what CMake had to put in
}

}  // namespace
}  // namespace opennvsci::tool
