// SPDX-License-Identifier: Apache-2.0
//
// What a program hands in may change while a call reads it: another thread writes to it, and later another process. So
// each pair and each value is read once, and what is stored is what was checked. The changes happen at known moments
// here: in the function that gives the pairs, in the check of a value, and in the writing of an output.
#include "api/lists.h"
#include "attr/list.h"
#include "attr/rules.h"
#include "attr/value_types.h"
#include "buf_test.h"

namespace opennvsci::test {
namespace {

using attr::Bytes;
using attr::Direction;
using attr::Key;
using attr::KeyValue;
using attr::Legal;
using attr::Presence;

// What the program's memory holds, and what it changes to when the second key's value is checked.
std::uint32_t g_kind = 1;
std::uint32_t g_number = 2;
std::array<std::uint64_t, 200> g_numbers{};

constexpr Legal kOneOrTwo{"1 or 2", [](const void* element) {
                              const auto kind = load<std::uint32_t>(element);
                              return kind == 1 || kind == 2;
                          }};
constexpr Legal kTwo{"2", [](const void* element) {
                         const bool is_legal = load<std::uint32_t>(element) == 2;
                         g_kind = 9;
                         g_number = 2000;
                         return is_legal;
                     }};
constexpr Legal kSmall{"less than 10", [](const void* element) {
                           const bool is_legal = load<std::uint64_t>(element) < 10;
                           g_numbers.fill(10);
                           return is_legal;
                       }};

constexpr std::uint32_t kKind = 1;
constexpr std::uint32_t kNumber = 0x10000;
constexpr std::uint32_t kNumbers = 0x10001;
constexpr std::array kKeys{
    Key{kKind, "Kind", &attr::value::uint32, 1, Direction::in_out, Presence::optional, &kOneOrTwo, nullptr, nullptr},
    Key{kNumber, "Number", &attr::value::uint32, 1, Direction::in_out, Presence::optional, &kTwo, nullptr, nullptr},
    Key{kNumbers, "Numbers", &attr::value::uint64, 200, Direction::in_out, Presence::optional, &kSmall, nullptr,
        nullptr},
};

// Keys of group 1 may be set in a list of kind 1.
const attr::Schema& schema() {
    static const attr::Schema schema(kKeys, kKind, [](Bytes kind) {
        return !kind.empty() && load<std::uint32_t>(kind.data()) == 1 ? std::uint32_t{2} : std::uint32_t{0};
    });
    return schema;
}

class ReadOnceTest : public BufTest {
  protected:
    void SetUp() override {
        g_kind = 1;
        g_number = 2;
        g_numbers.fill(3);
    }
    template <class T>
    [[nodiscard]] static T first(const attr::List& list, std::uint32_t key) {
        const auto value = list.get(0, key);
        return value && value->size() >= sizeof(T) ? load<T>(value->data()) : T{};
    }
};

TEST_F(ReadOnceTest, AValueThatChangesWhenItIsCheckedIsStoredAsItWasChecked) {
    attr::List list(schema());
    const std::array<KeyValue, 2> pairs{{{kNumber, &g_number, sizeof(g_number)}, {kKind, &g_kind, sizeof(g_kind)}}};
    EXPECT_FALSE(list.set(2, [&](std::size_t i) { return pairs[i]; })) << "the kind is 9 when its turn comes";
    SetUp();
    const std::array<KeyValue, 2> turned{pairs[1], pairs[0]};
    ASSERT_TRUE(list.set(2, [&](std::size_t i) { return turned[i]; }));
    EXPECT_EQ(first<std::uint32_t>(list, kNumber), 2U);
    EXPECT_EQ(g_number, 2000U) << "the test did not test";
}

// The kind decides whether the other keys may be there at all, after all values are checked.
TEST_F(ReadOnceTest, TheKindThatDecidesIsTheOneThatWasChecked) {
    attr::List list(schema());
    const std::array<KeyValue, 2> pairs{{{kKind, &g_kind, sizeof(g_kind)}, {kNumber, &g_number, sizeof(g_number)}}};
    ASSERT_TRUE(list.set(2, [&](std::size_t i) { return pairs[i]; }));
    EXPECT_EQ(first<std::uint32_t>(list, kKind), 1U);
    EXPECT_EQ(g_kind, 9U) << "the test did not test";
    SetUp();
    const std::uint32_t other_kind = 2;
    attr::List compared(schema(), std::as_bytes(std::span(&other_kind, 1)));
    ASSERT_TRUE(compared.set(2, [&](std::size_t i) { return pairs[i]; }));
    EXPECT_EQ(first<std::uint32_t>(compared, kKind), 1U);
    EXPECT_EQ(first<std::uint32_t>(compared, kNumber), 2U);
}

// A value that has no room among the ordinary ones.
TEST_F(ReadOnceTest, ALongValueIsStoredAsItWasChecked) {
    attr::List list(schema());
    const std::array<KeyValue, 2> pairs{{{kKind, &g_kind, sizeof(g_kind)}, {kNumbers, &g_numbers, sizeof(g_numbers)}}};
    ASSERT_TRUE(list.set(2, [&](std::size_t i) { return pairs[i]; }));
    const auto stored = list.get(0, kNumbers);
    ASSERT_TRUE(stored);
    ASSERT_EQ(stored->size(), sizeof(g_numbers));
    for (std::size_t i = 0; i < g_numbers.size(); ++i)
        EXPECT_EQ(load<std::uint64_t>(stored->data() + i * 8), 3U);
    EXPECT_EQ(g_numbers.front(), 10U) << "the test did not test";
}

TEST_F(ReadOnceTest, APairIsReadOnceWithItsLength) {
    attr::List list(schema());
    const KeyValue first_read[] = {{kKind, &g_kind, sizeof(g_kind)}, {kNumber, &g_number, sizeof(g_number)}};
    const KeyValue later[] = {{kNumber, nullptr, 0}, {kNumber, &g_number, 65536}};
    std::array<int, 2> reads{};
    ASSERT_TRUE(list.set(2, [&](std::size_t i) { return reads[i]++ == 0 ? first_read[i] : later[i]; }));
    EXPECT_EQ(reads, (std::array<int, 2>{1, 1}));
    EXPECT_EQ(first<std::uint32_t>(list, kNumber), 2U);
}

// Pairs with the layout of the public ones. Writing the first value spoils the key of the second pair.
struct SpoilingPair {
    struct Value {
        const void* address;
        SpoilingPair* spoils;
        operator const void*() const { return address; }  // NOLINT(google-explicit-constructor): stands for it
        Value& operator=(const void* written) {
            address = written;
            if (spoils != nullptr) spoils->key = ~0U;
            return *this;
        }
    };
    std::uint32_t key;
    Value value;
    std::size_t len;
};

TEST_F(ReadOnceTest, AKeyThatIsAskedForIsReadOnce) {
    constexpr std::uint64_t kSize = 4096;
    const List list = raw_list(module_, kSize);
    std::array<SpoilingPair, 40> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i].key = i % 2 == 0 ? NvSciBufRawBufferAttrKey_Align : NvSciBufRawBufferAttrKey_Size;
        pairs[i].value.spoils = i + 1 < pairs.size() ? &pairs[i + 1] : nullptr;
    }
    const auto entry = api::lists().acquire(api::number(list.get()));
    ASSERT_TRUE(api::get_pairs(*(*entry)->list, 0, pairs.data(), pairs.size(), "pairs"));
    EXPECT_EQ(pairs[1].key, ~0U) << "the test did not test";
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        EXPECT_EQ(pairs[i].len, i % 2 == 0 ? 0U : sizeof(std::uint64_t)) << i;
        EXPECT_TRUE(i % 2 == 0 || load<std::uint64_t>(pairs[i].value) == kSize) << i;
    }
}

}  // namespace
}  // namespace opennvsci::test
