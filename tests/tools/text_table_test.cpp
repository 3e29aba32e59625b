// SPDX-License-Identifier: Apache-2.0
//
// Tables in terminals of any width: aligned, nothing is lost, and no line is too long as long as words are not.
#include "text_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "text_width.h"

namespace opennvsci::tool {
namespace {

using Lines = std::vector<std::string>;

TextTable some_table() {
    TextTable table;
    table.add_column("name", Column::name, {"first", "second one"});
    table.add_column("bytes of it", Column::number, {"1", "65536"});
    table.add_column("nothing", Column::text, {"", ""});
    table.add_column("remark", Column::text, {"in a few words of any length", ""});
    table.add_column("who", Column::list, {"camera: 1", "camera: 1, vision: 2, display: 3"});
    return table;
}

TEST(TextTableTest, WideTerminalsGetOneLineARow) {
    EXPECT_EQ(some_table().text(200),
              "  name        bytes of it  remark                        who\n"
              "  ----------  -----------  ----------------------------  --------------------------------\n"
              "  first                 1  in a few words of any length  camera: 1\n"
              "  second one        65536                                camera: 1, vision: 2, display: 3\n");
}

TEST(TextTableTest, NarrowerOnesGetTitlesAndTextsOfSeveralLines) {
    EXPECT_EQ(some_table().text(60),
              "  name        bytes of it  remark          who\n"
              "  ----------  -----------  --------------  ----------\n"
              "  first                 1  in a few words  camera: 1\n"
              "                           of any length\n"
              "  second one        65536                  camera: 1,\n"
              "                                           vision: 2,\n"
              "                                           display: 3\n");
    EXPECT_EQ(some_table().text(48),
              "              bytes of\n"
              "  name              it  remark      who\n"
              "  ----------  --------  ----------  ----------\n"
              "  first              1  in a few    camera: 1\n"
              "                        words of\n"
              "                        any length\n"
              "  second one     65536              camera: 1,\n"
              "                                    vision: 2,\n"
              "                                    display: 3\n");
}

TEST(TextTableTest, NarrowestOnesGetSeveralTables) {
    TextTable table;
    table.add_column("name", Column::name, {"first", "second"});
    table.add_column("one", Column::number, {"1234567890", "1"});
    table.add_column("two", Column::number, {"1234567890", "2"});
    EXPECT_EQ(table.text(24),
              "  name           one\n"
              "  ------  ----------\n"
              "  first   1234567890\n"
              "  second           1\n"
              "\n"
              "  name           two\n"
              "  ------  ----------\n"
              "  first   1234567890\n"
              "  second           2\n");
}

TEST(TextTableTest, WithoutTitlesThereAreNoRules) {
    TextTable table;
    table.add_column("", Column::name, {"a…", "b"});
    table.add_column("", Column::number, {"1", "20"});
    EXPECT_EQ(table.text(80), "  a…   1\n  b   20\n") << "characters count, not bytes";
    EXPECT_EQ(TextTable().text(80), "");
}

// Whatever the width, every word is there, and lines are too long only where a name with what stands before it is.
TEST(TextTableTest, NothingIsLostAndLinesFit) {
    for (std::size_t width = 10; width <= 120; ++width) {
        const std::string text = some_table().text(width);
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);)
            EXPECT_LE(line.size(), std::max<std::size_t>(width, 2 + 10 + 2 + 16)) << width << '\n' << text;
        std::string letters = text;
        letters.erase(std::remove_if(letters.begin(), letters.end(), [](char c) { return c == ' ' || c == '\n'; }),
                      letters.end());
        for (const char* word : {"first", "65536", "length", "vision", "display:", "3"})
            EXPECT_NE(letters.find(word), std::string::npos) << width << '\n' << text;
    }
}

TEST(TextTableTest, WrapBreaksAtSpacesAndInsideLongWords) {
    EXPECT_EQ(wrap("", 5), Lines{});
    EXPECT_EQ(wrap("ab cd", 5), Lines{"ab cd"});
    EXPECT_EQ(wrap("ab cd e", 5), (Lines{"ab cd", "e"}));
    EXPECT_EQ(wrap("ab abcdefghijk x", 5), (Lines{"ab", "abcde", "fghij", "k x"}));
    EXPECT_EQ(wrap("a… b…", 5), Lines{"a… b…"}) << "characters count, not bytes";
}

// Whatever locale the user has: none is set here.
TEST(TextTableTest, WideCharactersTakeTwoColumnsAndMarksNone) {
    EXPECT_EQ(width_of("camera"), 6U);
    EXPECT_EQ(width_of("für…"), 4U);
    EXPECT_EQ(width_of("日本"), 4U);
    EXPECT_EQ(width_of("\U0001f600"), 2U);
    EXPECT_EQ(width_of("e\u0301"), 1U) << "an accent of its own";
    EXPECT_EQ(width_of("\xff\xe2\x82"), 3U) << "no characters";
    EXPECT_EQ(bytes_of("日本", 3), 3U) << "no half of a character";
    EXPECT_EQ(bytes_of("日本", 1), 3U) << "one at least";
    EXPECT_EQ(bytes_of("e\u0301e", 1), 3U) << "with its accent";
    TextTable table;
    table.add_column("name", Column::name, {"日本", "\U0001f600 e\u0301", "eins"});
    table.add_column("size", Column::number, {"1", "22", "333"});
    EXPECT_EQ(table.text(80),
              "  name  size\n"
              "  ----  ----\n"
              "  日本     1\n"
              "  \U0001f600 e\u0301    22\n"
              "  eins   333\n");
    EXPECT_EQ(wrap("日本日本", 5), (Lines{"日本", "日本"}));
    EXPECT_EQ(wrap("日本", 1), (Lines{"日", "本"})) << "a line that is too long is better than none";
}

TEST(TextTableTest, SaysWhetherOnePartIsEnough) {
    for (std::size_t width = 20; width < 120; ++width) {
        const bool has_parts = some_table().text(width).find("\n\n") != std::string::npos;
        EXPECT_EQ(some_table().fits(width), !has_parts) << width;
    }
}

// Colours have no width, and every line of the row has them.
TEST(TextTableTest, StylesSurroundTheLinesOfTheirRow) {
    TextTable table = some_table();
    table.style_row(1, "<", ">");
    std::istringstream plain(some_table().text(60));
    std::istringstream styled(table.text(60));
    int lines_with_style = 0;
    for (std::string line, with; std::getline(plain, line) && std::getline(styled, with);) {
        if (line != with) {
            EXPECT_EQ(with, "<" + line + ">");
            ++lines_with_style;
        }
    }
    EXPECT_EQ(lines_with_style, 3);
}

}  // namespace
}  // namespace opennvsci::tool
