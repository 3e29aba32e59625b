// SPDX-License-Identifier: Apache-2.0
//
// Every row of the attribute table: that the row is the one of the reference, and that setting and reading follow it.
#include <cstdlib>
#include <ios>

#include "buf/keys.h"
#include "buf_test.h"
#include "reference_keys.h"

namespace opennvsci::test {
namespace {

using attr::Direction;

TEST(AttributeTable, HasExactlyTheRowsOfTheReference) {
    std::size_t public_keys = 0;
    for (const attr::Key& key : buf::schema().keys()) {
        if (key.direction == Direction::internal) {
            EXPECT_NE(key.number >> 26, 0U) << key.name << ": own keys have a key class of their own";
            EXPECT_EQ(find_reference_key(key.number), nullptr);
            continue;
        }
        ++public_keys;
        const ReferenceKey* row = find_reference_key(key.number);
        ASSERT_NE(row, nullptr) << key.name;
        const std::string short_name = row->name;
        const std::size_t space = short_name.find(' ');
        EXPECT_EQ(key.name, "NvSciBuf" + short_name.substr(0, space) + "AttrKey_" + short_name.substr(space + 1));
        EXPECT_STREQ(key.type->name, row->type) << key.name;
        EXPECT_EQ(key.type->size, row->size) << key.name;
        EXPECT_EQ(key.max_count, row->max_count) << key.name;
        EXPECT_EQ(key.direction, row->direction) << key.name;
        EXPECT_EQ(key.presence, row->presence) << key.name;
    }
    EXPECT_EQ(public_keys, reference_keys().size());
}

std::vector<const attr::Key*> keys_with(std::initializer_list<Direction> directions) {
    std::vector<const attr::Key*> keys;
    for (const attr::Key& key : buf::schema().keys()) {
        if (std::find(directions.begin(), directions.end(), key.direction) != directions.end()) keys.push_back(&key);
    }
    return keys;
}

std::string row_name(const ::testing::TestParamInfo<const attr::Key*>& parameter) {
    std::string name = parameter.param->name;
    for (const char* part : {"NvSciBuf", "AttrKey"}) {
        const std::size_t at = name.find(part);
        if (at != std::string::npos) name.erase(at, std::strlen(part));
    }
    return name;
}

class AttributeRow : public BufTest, public ::testing::WithParamInterface<const attr::Key*> {
  protected:
    [[nodiscard]] NvSciBufAttrKeyValuePair pair(const void* value, std::size_t length) const {
        return pair_of(GetParam()->number, value, length);
    }
    [[nodiscard]] const ReferenceKey& row() const { return *find_reference_key(GetParam()->number); }
    [[nodiscard]] bool is_types() const { return GetParam()->number == NvSciBufGeneralAttrKey_Types; }
    [[nodiscard]] bool is_general() const { return GetParam()->number >> 16 == 0; }

    NvSciError set_bytes(NvSciBufAttrList list, const void* value, std::size_t length) const {
        NvSciBufAttrKeyValuePair given = pair(value, length);
        return NvSciBufAttrListSetAttrs(list, &given, 1);
    }
    NvSciError set_value(NvSciBufAttrList list, const Value& value) const {
        return set_bytes(list, value.data(), value.size());
    }
    NvSciBufAttrKeyValuePair read(NvSciBufAttrList list) const {
        const int nothing = 0;
        NvSciBufAttrKeyValuePair asked = pair(&nothing, 77);
        EXPECT_EQ(NvSciBufAttrListGetAttrs(list, &asked, 1), kSuccess);
        return asked;
    }
    bool is_unset(NvSciBufAttrList list) const {
        const auto found = read(list);
        return found.value == nullptr && found.len == 0;
    }

    /// A list in which the key can be set.
    [[nodiscard]] List ready_list() const { return list_of(type_of(row())); }
    [[nodiscard]] List list_of(std::uint32_t type) const {
        dirty_heap();
        List list = create_list(module_);
        if (!is_types()) {
            EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_Types, type), kSuccess);
        }
        return list;
    }

    /// Leaves memory full of ones where the next list gets its storage, so that zeros in it are the library's work.
    static void dirty_heap() {
        const std::size_t size = buf::schema().storage_size();
        void* memory = std::malloc(size);
        std::fill_n(static_cast<volatile unsigned char*>(memory), size, static_cast<unsigned char>(0xFF));
        std::free(memory);
    }

    /// `count` legal elements; those of Types are all different.
    [[nodiscard]] Value legal(std::size_t count) const {
        Value value;
        for (std::size_t i = 0; i < count; ++i) {
            Value element = legal_element(row());
            if (is_types()) element[0] = static_cast<std::byte>(i + 1);
            value.insert(value.end(), element.begin(), element.end());
        }
        return value;
    }

    void expect_stored(NvSciBufAttrList list, const Value& value) const {
        const auto found = read(list);
        ASSERT_EQ(found.len, value.size());
        EXPECT_EQ(std::memcmp(found.value, value.data(), value.size()), 0);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(found.value) % 8, 0U) << "programs read 4-byte values as 8 bytes";
        const std::size_t room = std::max<std::size_t>(row().size * row().max_count, 8);
        const auto* stored = static_cast<const std::byte*>(found.value);
        EXPECT_TRUE(std::all_of(stored + value.size(), stored + room, [](std::byte b) { return b == std::byte{0}; }))
            << "behind the value there are zeros, up to the full capacity";
    }
};

using SettableRow = AttributeRow;
INSTANTIATE_TEST_SUITE_P(Keys, SettableRow, ::testing::ValuesIn(keys_with({Direction::in, Direction::in_out})),
                         row_name);

TEST_P(SettableRow, ALegalValueIsStored) {
    const List list = ready_list();
    EXPECT_TRUE(is_unset(list)) << "unset reads as NULL, 0 and Success";
    ASSERT_EQ(set_value(list, legal(1)), kSuccess) << opennvsciGetLastErrorText();
    expect_stored(list, legal(1));
}

TEST_P(SettableRow, AsManyElementsFitAsTheReferenceSays) {
    const List list = ready_list();
    ASSERT_EQ(set_value(list, legal(row().max_count)), kSuccess) << opennvsciGetLastErrorText();
    expect_stored(list, legal(row().max_count));
}

TEST_P(SettableRow, TheValueIsCopiedFromAnyAddress) {
    const List list = ready_list();
    const Value value = legal(1);
    Value memory(value.size() + 1);
    std::copy(value.begin(), value.end(), memory.begin() + 1);
    ASSERT_EQ(set_bytes(list, memory.data() + 1, value.size()), kSuccess);
    std::fill(memory.begin(), memory.end(), std::byte{0xFF});
    expect_stored(list, value);
}

TEST_P(SettableRow, AWrongLengthIsRefused) {
    const std::size_t size = row().size;
    const Value value = legal(row().max_count + 1);  // enough memory for every length
    for (const std::size_t length : {std::size_t{0}, size - 1, size + 1, size * row().max_count + size,
                                     size * row().max_count + 1, ~std::size_t{0}}) {
        if (length == size && row().max_count > 1) continue;
        if (size == 1 && length > 0 && length <= row().max_count) continue;  // then it is a right length
        const List list = ready_list();
        EXPECT_EQ(set_bytes(list, value.data(), length), kBadParameter) << length;
        EXPECT_TRUE(is_unset(list)) << length;
        EXPECT_EQ(set_value(list, legal(1)), kSuccess) << "a refused set leaves the key open";
    }
}

TEST_P(SettableRow, ANullValueIsRefused) {
    const List list = ready_list();
    EXPECT_EQ(set_bytes(list, nullptr, row().size), kBadParameter);
    EXPECT_EQ(set_bytes(list, nullptr, 0), kBadParameter);
    EXPECT_TRUE(is_unset(list));
}

TEST_P(SettableRow, ASecondSetIsRefused) {
    const List list = ready_list();
    ASSERT_EQ(set_value(list, legal(1)), kSuccess);
    EXPECT_EQ(set_value(list, legal(1)), kBadParameter) << "also with the same value";
    EXPECT_EQ(set_value(list, legal(row().max_count)), kBadParameter);
    expect_stored(list, legal(1));
}

TEST_P(SettableRow, TheSameKeyTwiceInOneCallIsRefused) {
    const List list = ready_list();
    const Value value = legal(1);
    NvSciBufAttrKeyValuePair pairs[] = {pair(value.data(), value.size()), pair(value.data(), value.size())};
    EXPECT_EQ(NvSciBufAttrListSetAttrs(list, pairs, 2), kBadParameter);
    EXPECT_TRUE(is_unset(list));
}

TEST_P(SettableRow, IllegalValuesAreRefused) {
    for (const Value& illegal : illegal_elements(row())) {
        const List list = ready_list();
        EXPECT_EQ(set_value(list, illegal), kBadParameter) << "first byte " << static_cast<int>(illegal[0]);
        EXPECT_TRUE(is_unset(list));
        if (row().max_count == 1) continue;
        Value last = legal(1);
        last.insert(last.end(), illegal.begin(), illegal.end());
        EXPECT_EQ(set_value(list, last), kBadParameter) << "every element is looked at";
        EXPECT_TRUE(is_unset(list));
    }
}

TEST_P(SettableRow, ItNeedsItsType) {
    const Value value = legal(1);
    const List without_types = create_list(module_);
    EXPECT_EQ(set_value(without_types, value), is_general() ? kSuccess : kBadParameter);
    if (is_types()) return;
    for (std::uint32_t type = 1; type <= 5; ++type) {
        const List list = list_of(type);
        const std::uint32_t group = GetParam()->number >> 16;
        // The Image keys also describe level 0 of a pyramid.
        const bool fits = is_general() || type == group || (group == 2 && type == 5);
        EXPECT_EQ(set_value(list, value), fits ? kSuccess : kBadParameter) << "Types " << type;
        EXPECT_EQ(is_unset(list), !fits) << "Types " << type;
    }
}

TEST_P(SettableRow, TypesMayStandBehindItInTheSameCall) {
    if (is_types()) GTEST_SKIP() << "this is Types";
    const List list = create_list(module_);
    const Value value = legal(1);
    const std::uint32_t type = type_of(row());
    NvSciBufAttrKeyValuePair pairs[] = {pair(value.data(), value.size()),
                                        {NvSciBufGeneralAttrKey_Types, &type, sizeof(type)}};
    ASSERT_EQ(NvSciBufAttrListSetAttrs(list, pairs, 2), kSuccess) << opennvsciGetLastErrorText();
    expect_stored(list, value);
}

TEST_P(SettableRow, ABadPairBehindItStoresNothing) {
    const Value value = legal(1);
    const std::uint64_t number = 1;
    const NvSciBufAttrKeyValuePair good = pair(value.data(), value.size());
    const NvSciBufAttrKeyValuePair bad[] = {
        {NvSciBufAttrKey_LowerBound, &number, 8},          {NvSciBufGeneralAttrKey_ActualPerm, &number, 4},
        {NvSciBufGeneralAttrKey_RequiredPerm, &number, 3}, {NvSciBufGeneralAttrKey_EnableCpuCache, nullptr, 1},
        {NvSciBufImageAttrKey_Size, &number, 8},
    };
    for (const NvSciBufAttrKeyValuePair& last : bad) {
        const List list = ready_list();
        NvSciBufAttrKeyValuePair pairs[] = {good, last};
        EXPECT_EQ(NvSciBufAttrListSetAttrs(list, pairs, 2), kBadParameter) << std::hex << last.key;
        EXPECT_TRUE(is_unset(list)) << std::hex << last.key;
    }
}

TEST_P(SettableRow, ACloneOpensItOnceMore) {
    const List list = ready_list();
    ASSERT_EQ(set_value(list, legal(1)), kSuccess);
    const List copy = clone(list);
    expect_stored(copy, legal(1));
    EXPECT_EQ(set_value(copy, legal(row().max_count)), kSuccess);
    EXPECT_EQ(set_value(copy, legal(1)), kBadParameter);
    expect_stored(list, legal(1));
    expect_stored(copy, legal(row().max_count));
}

using UnsettableRow = AttributeRow;
INSTANTIATE_TEST_SUITE_P(Keys, UnsettableRow, ::testing::ValuesIn(keys_with({Direction::out, Direction::internal})),
                         row_name);

TEST_P(UnsettableRow, ItCanNeitherBeSetNorReadInAnUnreconciledList) {
    const attr::Key& row = *GetParam();
    const Value zeros(row.capacity(), std::byte{0});
    for (std::uint32_t type = 1; type <= 5; ++type) {
        const List list = list_of(type);
        EXPECT_EQ(set_bytes(list, zeros.data(), row.type->size), kBadParameter) << "Types " << type;
        NvSciBufAttrKeyValuePair asked = pair(&zeros, 77);
        EXPECT_EQ(NvSciBufAttrListGetAttrs(list, &asked, 1), kBadParameter) << "Types " << type;
        EXPECT_EQ(asked.value, &zeros) << "an error modifies nothing";
        EXPECT_EQ(asked.len, 77U);
    }
}

using AnyRow = AttributeRow;
INSTANTIATE_TEST_SUITE_P(
    Keys, AnyRow,
    ::testing::ValuesIn(keys_with({Direction::in, Direction::out, Direction::in_out, Direction::internal})), row_name);

TEST_P(AnyRow, ReadingItFromAReconciledListFollowsItsDirection) {
    const List list = reconciled({gpu_list()});
    const int nothing = 0;
    NvSciBufAttrKeyValuePair asked = pair(&nothing, 77);
    const Direction direction = GetParam()->direction;
    const bool readable = direction == Direction::out || direction == Direction::in_out;
    EXPECT_EQ(NvSciBufAttrListGetAttrs(list, &asked, 1), readable ? kSuccess : kBadParameter);
    if (!readable) {
        EXPECT_EQ(asked.value, &nothing);
        EXPECT_EQ(asked.len, 77U);
    } else if (GetParam()->group() > NvSciBufType_RawBuffer) {
        EXPECT_EQ(asked.value, nullptr) << "a key of a type that the list does not have";
        EXPECT_EQ(asked.len, 0U);
    }
}

TEST_P(AnyRow, AReconciledListCannotBeWritten) {
    const List list = reconciled({gpu_list()});
    const Value zeros(GetParam()->capacity(), std::byte{0});
    EXPECT_EQ(set_bytes(list, zeros.data(), GetParam()->type->size), kBadParameter);
    if (GetParam()->direction == Direction::in || GetParam()->direction == Direction::in_out) {
        EXPECT_EQ(set_value(list, legal(1)), kBadParameter);
    }
}

}  // namespace
}  // namespace opennvsci::test
