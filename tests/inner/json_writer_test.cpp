// SPDX-License-Identifier: Apache-2.0
#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace opennvsci {
namespace {

std::string text_of(std::string_view text) {
    std::string out;
    JsonWriter(out).string(text);
    return out;
}

TEST(JsonWriterTest, CommasStandBetweenElementsAndNowhereElse) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("empty");
    json.begin_array();
    json.end_array();
    json.key("all");
    json.begin_array();
    json.number(1);
    json.begin_object();
    json.key("a");
    json.null();
    json.key("b");
    json.boolean(true);
    json.end_object();
    json.boolean(false);
    json.begin_array();
    json.end_array();
    json.end_array();
    json.key("last");
    json.string("x");
    json.end_object();
    EXPECT_EQ(out, R"({"empty":[],"all":[1,{"a":null,"b":true},false,[]],"last":"x"})");
}

TEST(JsonWriterTest, NumbersLoseNothing) {
    std::string out;
    JsonWriter json(out);
    json.begin_array();
    json.number(std::numeric_limits<std::uint64_t>::max());
    json.number(std::numeric_limits<std::int64_t>::min());
    json.number(std::uint8_t{200});
    json.number(0.5);
    json.number(std::nan(""));
    json.end_array();
    EXPECT_EQ(out, "[18446744073709551615,-9223372036854775808,200,0.5,null]");
}

TEST(JsonWriterTest, WhatJsonReservesIsEscaped) {
    EXPECT_EQ(text_of("\"\\\n\x01\x7f/"), R"("\"\\\n\u0001\u007f/")");
    EXPECT_EQ(text_of(std::string("a\0b", 3)), R"("a\u0000b")");
}

// Cut off, too long for what they say, a surrogate, beyond the last character, a lone continuation.
TEST(JsonWriterTest, BytesThatAreNoUtf8BecomeTheReplacementCharacter) {
    const std::string mark = "\xef\xbf\xbd";
    EXPECT_EQ(text_of("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
    EXPECT_EQ(text_of("a\xc3"), "\"a" + mark + "\"");
    EXPECT_EQ(text_of("\xc0\xaf"), "\"" + mark + mark + "\"");
    EXPECT_EQ(text_of("\xed\xa0\x80"), "\"" + mark + mark + mark + "\"");
    EXPECT_EQ(text_of("\xf4\x90\x80\x80z"), "\"" + mark + mark + mark + mark + "z\"");
    EXPECT_EQ(text_of("\x80\xff"), "\"" + mark + mark + "\"");
}

}  // namespace
}  // namespace opennvsci
