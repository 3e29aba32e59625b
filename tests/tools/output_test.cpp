// SPDX-License-Identifier: Apache-2.0
//
// What commands print: texts of others cannot steer a terminal, and what does not go out is a failure.
#include "output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace opennvsci::tool {
namespace {

TEST(OutputTest, PrintableLeavesWhatCanBeRead) {
    EXPECT_EQ(printable("camera 1 ~"), "camera 1 ~");
    EXPECT_EQ(printable("Kamera f\u00fcr \u65e5\u672c \u00a0 \U0001f600"),
              "Kamera f\u00fcr \u65e5\u672c \u00a0 \U0001f600");
    EXPECT_EQ(printable("\x1b[2J\n\x7f"), "?[2J??");
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
    EXPECT_EQ(printable("\xc2\x9b"), "??") << "a control of eight bits";
    EXPECT_EQ(printable("\xe2\x80\xae"), "???") << "turns the direction of writing";
    // The bytes of what nobody sees: ends of lines, what has no width, tags, fillers. What is beside it is seen.
    for (const std::string_view unseen :
         {"\u00ad", "\u061c", "\u115f", "\u180e", "\u200b", "\u200f", "\u2028", "\u2029", "\u202a", "\u2060", "\u2066",
          "\u2069", "\u3164", "\ufeff", "\ufffb", "\U000e0041"})
        EXPECT_EQ(printable(unseen), std::string(unseen.size(), '?')) << unseen;
    for (const std::string_view seen :
         {"\u00a0", "\u200a", "\u2010", "\u202f", "\u2070", "\ufffd", "e\u0301", "\u2764\ufe0f"})
        EXPECT_EQ(printable(seen), seen);
    // Joiners between characters that are seen: Persian, Hindi, a family. Elsewhere nobody sees them.
    for (const std::string_view seen : {"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0915\u094d\u200d\u0937",
                                        "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f\u200d\U0001f525"})
        EXPECT_EQ(printable(seen), seen);
    EXPECT_EQ(printable("\u200da"), "???a");
    EXPECT_EQ(printable("a\u200c"), "a???");
    EXPECT_EQ(printable("a\u200d\u200db"), "a??????b");
    EXPECT_EQ(printable("a \u200db\u200d c"), "a ???b??? c");
    EXPECT_EQ(printable("a\u200d\n\u200db"), "a???????b");
    EXPECT_EQ(printable("a\u200d\xff"), "a????");
    // Overlong, a surrogate, beyond Unicode, no first byte, cut off.
    EXPECT_EQ(printable("\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xff \x80 \xe2\x82"), "?? ??? ???? ? ? ??");
}

// The device is full only for a while.
TEST(OutputTest, APartThatIsLostIsAFailureAtTheEnd) {
    const auto lose_a_part = [](const char* first) {
        for (const char* const file : {first, "/dev/null"}) {
            const int descriptor = ::open(file, O_WRONLY | O_CLOEXEC);
            ::dup2(descriptor, STDOUT_FILENO);
            ::close(descriptor);
            print_text("a part");
            flush_output();
        }
        ::_exit(finish_output() ? 0 : 1);
    };
    EXPECT_EXIT(lose_a_part("/dev/full"), testing::ExitedWithCode(1), "");
    EXPECT_EXIT(lose_a_part("/dev/null"), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace opennvsci::tool
