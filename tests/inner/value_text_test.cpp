// SPDX-License-Identifier: Apache-2.0
//
// Keys and values by name: texts become the values that they were made of, for every key of both tables, and what is no
// value is refused with what would be one.
#include <cmath>
#include <cstring>
#include <random>
#include <span>

#include "attr/value_text.h"
#include "base/nearest_name.h"
#include "buf_test.h"
#include "sync/keys.h"

namespace opennvsci::test {
namespace {

using Value = std::vector<std::byte>;

/// The public functions of both libraries, so that each test is written once.
struct Library {
    const char* name;
    const attr::Schema& (*schema)();
    NvSciError (*text)(std::uint32_t, const void*, std::size_t, char*, std::size_t);
    NvSciError (*value)(std::uint32_t, const char*, void*, std::size_t, std::size_t*);
    NvSciError (*keys)(const OpenNvSciKey**, std::size_t*);
    NvSciError (*key)(const char*, const OpenNvSciKey**);
};
constexpr Library kBuf{"NvSciBuf",
                       buf::schema,
                       opennvsciBufAttrValueGetText,
                       opennvsciBufAttrValueFromText,
                       opennvsciBufGetKeys,
                       opennvsciBufGetKeyByName};
constexpr Library kSync{"NvSciSync",
                        sync::schema,
                        opennvsciSyncAttrValueGetText,
                        opennvsciSyncAttrValueFromText,
                        opennvsciSyncGetKeys,
                        opennvsciSyncGetKeyByName};

class ValueTextLaws : public ::testing::TestWithParam<Library> {
  protected:
    [[nodiscard]] static const attr::Schema& schema() { return GetParam().schema(); }
    [[nodiscard]] static std::span<const OpenNvSciKey> keys() {
        const OpenNvSciKey* all = nullptr;
        std::size_t count = 0;
        EXPECT_EQ(GetParam().keys(&all, &count), kSuccess);
        return {all, count};
    }
};
INSTANTIATE_TEST_SUITE_P(Both, ValueTextLaws, ::testing::Values(kBuf, kSync),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

// Elements that stand for all of a type: names, the ends of numbers, and random bytes.
std::vector<Value> elements_for(const attr::Key& key, std::mt19937& random) {
    std::vector<Value> all;
    const auto add = [&](std::uint64_t number) {
        Value element(key.type->size);
        std::memcpy(element.data(), &number, std::min(sizeof(number), element.size()));
        all.push_back(std::move(element));
    };
    for (std::uint64_t number = 0; number < 300; ++number)
        add(number);
    add(UINT32_MAX);
    add(UINT64_MAX);
    for (const float number : {0.1F, 1e-40F, 3.4e38F, -0.0F, INFINITY, -INFINITY}) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &number, sizeof(bits));
        add(bits);
    }
    for (int i = 0; i < 300; ++i) {
        Value element(key.type->size);
        for (std::byte& byte : element)
            byte = static_cast<std::byte>(random());
        all.push_back(std::move(element));
    }
    return all;
}

// What a text leaves out, or says of two values.
bool has_text_of_its_own(const attr::Key& key, const Value& element) {
    const std::string type = key.type->name;
    if (type == "NvSciBufPeerLocationInfo") return load<NvSciBufPeerLocationInfo>(element.data()).reserved == 0;
    if (type == "float") return !std::isnan(load<float>(element.data()));
    if (key.type->enumerators == nullptr) return true;
    std::uint64_t number = 0;
    std::memcpy(&number, element.data(), element.size());
    for (const attr::Enumerator& one : key.type->enumerators()) {
        if (one.name == std::to_string(number) && one.value != number) return false;
    }
    return true;
}

TEST_P(ValueTextLaws, TheValueOfATextIsTheValueThatItWasMadeOf) {
    std::mt19937 random(1);
    for (const attr::Key& key : schema().keys()) {
        std::size_t compared = 0;
        for (const Value& element : elements_for(key, random)) {
            const std::string text = key.text(element);
            const auto found = attr::value_of_text(key, text);
            ASSERT_TRUE(found) << key.name << ": " << text << ": " << found.error().text;
            EXPECT_EQ(key.text(*found), text) << key.name;
            if (!has_text_of_its_own(key, element)) continue;
            EXPECT_EQ(*found, element) << key.name << ": " << text;
            ++compared;
        }
        EXPECT_GE(compared, 100U) << key.name;
    }
}

TEST_P(ValueTextLaws, ArraysOfAllLengthsTravelWithAndWithoutBraces) {
    std::mt19937 random(2);
    for (const attr::Key& key : schema().keys()) {
        Value value;
        for (std::size_t count = 1; count <= key.max_count; ++count) {
            Value element(key.type->size);
            element[0] = static_cast<std::byte>(count % 2);
            value.insert(value.end(), element.begin(), element.end());
            for (const std::string& text : {key.text(value), key.elements_text(value), "  " + key.text(value) + "\n"}) {
                const auto found = attr::value_of_text(key, text);
                ASSERT_TRUE(found) << key.name << ": " << found.error().text;
                EXPECT_EQ(*found, value) << key.name;
            }
        }
        const std::string one_more = key.elements_text(value) + ", " + key.elements_text(value);
        EXPECT_FALSE(attr::value_of_text(key, one_more)) << key.name;
    }
}

TEST_P(ValueTextLaws, EveryEnumeratorIsReadByItsNameAndSaysWhetherItIsLegal) {
    std::size_t legal = 0;
    std::size_t illegal = 0;
    for (const OpenNvSciKey& key : keys()) {
        const attr::Key& row = *schema().find(key.number);
        for (const OpenNvSciEnumerator& one : std::span(key.enumerators, key.enumeratorCount)) {
            Value value(key.elementSize);
            std::size_t len = 0;
            ASSERT_EQ(GetParam().value(key.number, one.name, value.data(), value.size(), &len), kSuccess) << one.name;
            EXPECT_EQ(len, key.elementSize);
            std::uint64_t number = 0;
            std::memcpy(&number, value.data(), len);
            EXPECT_EQ(number, one.value) << key.name << " " << one.name;
            const bool is_legal = row.can_be_asked() ? row.is_legal(value) : row.is_legal_result(value);
            EXPECT_EQ(one.isLegal, is_legal) << key.name << " " << one.name;
            ++(one.isLegal ? legal : illegal);
        }
    }
    EXPECT_GT(legal, 10U);
    EXPECT_GT(illegal, 0U);
}

TEST_P(ValueTextLaws, TheKeysAreThoseOfTheTable) {
    const auto all = keys();
    EXPECT_EQ(all.data(), keys().data()) << "they are always the same";
    std::size_t next = 0;
    for (const attr::Key& row : schema().keys()) {
        if (row.direction == attr::Direction::internal) continue;
        ASSERT_LT(next, all.size());
        const OpenNvSciKey& key = all[next++];
        EXPECT_EQ(key.number, row.number);
        EXPECT_STREQ(key.name, row.name);
        EXPECT_STREQ(key.type, row.type->name);
        EXPECT_EQ(key.elementSize, row.type->size);
        EXPECT_EQ(key.maxCount, row.max_count);
        EXPECT_EQ(key.direction, static_cast<int>(row.direction));
        EXPECT_EQ(key.presence, static_cast<int>(row.presence));
        EXPECT_STREQ(key.legal, row.legal->text);
        EXPECT_STREQ(key.rule, row.merge != nullptr ? row.merge->name : "");
        EXPECT_STREQ(key.ruleText, row.merge != nullptr ? row.merge->text : "");
        EXPECT_STREQ(key.check, row.check != nullptr ? row.check->name : "");
        EXPECT_STREQ(key.checkText, row.check != nullptr ? row.check->text : "");
        EXPECT_STRNE(key.form, "");
        const OpenNvSciKey* by_name = nullptr;
        EXPECT_EQ(GetParam().key(row.name, &by_name), kSuccess);
        EXPECT_EQ(by_name, &key);
    }
    EXPECT_EQ(next, all.size());
}

TEST_P(ValueTextLaws, NoBytesCrashTheReader) {
    std::mt19937 random(3);
    const std::string letters = "{}, :-GPUSoCVMengine platform01239.truefalse\xff\x80\n";
    for (const OpenNvSciKey& key : keys()) {
        for (int i = 0; i < 200; ++i) {
            std::string text;
            for (std::size_t size = random() % 60; text.size() < size;)
                text += letters[random() % letters.size()];
            Value value(key.elementSize * key.maxCount);
            std::size_t len = 0;
            if (GetParam().value(key.number, text.c_str(), value.data(), value.size(), &len) != kSuccess) continue;
            EXPECT_TRUE(schema().find(key.number)->fits(len)) << key.name << ": " << text;
        }
    }
}

class ValueFromText : public ::testing::Test {
  protected:
    void SetUp() override { opennvsciPrintRefusals(false); }
    void TearDown() override { opennvsciPrintRefusals(true); }
    static std::string refusal(std::uint32_t key, const char* text, const Library& library = kBuf) {
        std::array<std::byte, 4096> value{};
        std::size_t len = 77;
        EXPECT_EQ(library.value(key, text, value.data(), value.size(), &len), kBadParameter) << text;
        EXPECT_EQ(len, 77U);
        EXPECT_EQ(value[0], std::byte{0});
        return opennvsciGetLastErrorText();
    }
};

TEST_F(ValueFromText, RefusalsSayWhatIsLegalAndWhatIsNear) {
    EXPECT_TRUE(contains(refusal(NvSciBufGeneralAttrKey_RequiredPerm, "readwrit"),
                         "NvSciBufGeneralAttrKey_RequiredPerm: 'readwrit' is no value of it; it takes one of Readonly, "
                         "ReadWrite; did you mean 'ReadWrite'?"));
    EXPECT_TRUE(contains(refusal(NvSciBufImageAttrKey_PlaneColorFormat, "Y8, NvSciColor_V8U8"),
                         "'NvSciColor_V8U8' is no value of it; it takes an enumerator's name: "
                         "a colour format other than Signed_X12Bayer20GBRG; did you mean 'V8U8'?"));
    EXPECT_TRUE(contains(refusal(NvSciBufRawBufferAttrKey_Size, "4 KiB"),
                         "it takes a number up to 18446744073709551615: greater than 0"));
    EXPECT_TRUE(contains(refusal(NvSciBufGeneralAttrKey_NeedCpuAccess, "yes"), "it takes one of false, true"));
    EXPECT_TRUE(contains(refusal(NvSciSyncAttrKey_RequiredPerm, "Wait", kSync),
                         "it takes one of WaitOnly, SignalOnly, WaitSignal"));
    EXPECT_TRUE(contains(refusal(NvSciBufImageAttrKey_SurfType, "RGB"), "it takes YUV"));
    EXPECT_TRUE(contains(refusal(NvSciBufImageAttrKey_PlaneWidth, "1, 2, 3, 4"), "it takes at most 3"));
    EXPECT_FALSE(contains(refusal(NvSciBufGeneralAttrKey_RequiredPerm, "something else"), "did you mean"));
}

TEST_F(ValueFromText, WhatIsNoValueIsRefused) {
    for (const char* text : {"", " ", "unset", "{}", "{1}", "1,", "-1", "+1", "0x10", "1.0", "18446744073709551616"})
        refusal(NvSciBufRawBufferAttrKey_Size, text);
    for (const char* text : {"{}", "{1", "1}", ",1", "1,,2", "{{1}}", "4294967296"})
        refusal(NvSciBufImageAttrKey_PlaneWidth, text);
    for (const char* text : {"GPU-", "GPU-00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff",
                             "GPU-00112233-4455-6677-8899-aabbccddeeffaa", "GPU-001122334-455-6677-8899-aabbccddeeff",
                             "GPU-0011223g-4455-6677-8899-aabbccddeeff", "no gpu"}) {
        refusal(NvSciBufGeneralAttrKey_VidMem_GpuId, text);
    }
    for (const char* text : {"true", "no GPU", "no GPU:true", "no GPU: ", "no GPU: maybe", ": true"})
        refusal(NvSciBufGeneralAttrKey_EnableGpuCache, text);
    for (const char* text : {"SoC 1", "SoC VM ", "SoC  VM 1", "SoC 1 VM", " VM 2", "SoC 1 VM -1", "SoC 1 VM 2 VM 3"})
        refusal(NvSciBufGeneralAttrKey_PeerLocationInfo, text);
    for (const char* text : {"0.5f", "", "0,5", "half"})
        refusal(NvSciBufPyramidAttrKey_Scale, text);
}

// A text from a file goes to a terminal, and may be as long as its author wants.
TEST_F(ValueFromText, StrangeTextsAreQuotedCleanAndShort) {
    const std::string text = refusal(NvSciBufRawBufferAttrKey_Size, "\x1b[31mred\xff");
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\xff'), std::string::npos);
    const std::string endless(1'000'000, 'x');
    EXPECT_LT(refusal(NvSciBufRawBufferAttrKey_Size, endless.c_str()).size(), 400U);
    EXPECT_LT(refusal(NvSciBufGeneralAttrKey_RequiredPerm, endless.c_str()).size(), 400U);
}

TEST_F(ValueFromText, WrongArgumentsAreRefusedAndNothingIsWritten) {
    std::uint64_t value = 1;
    std::size_t len = 77;
    const auto key = NvSciBufRawBufferAttrKey_Size;
    const auto code = [&](std::uint32_t number, const char* text, void* to, std::size_t size, std::size_t* written) {
        const NvSciError error = opennvsciBufAttrValueFromText(number, text, to, size, written);
        EXPECT_EQ(value, 1U);
        EXPECT_EQ(len, 77U);
        return error;
    };
    EXPECT_EQ(code(0, "1", &value, 8, &len), kBadParameter);
    EXPECT_EQ(code(buf::kMemoryDomain, "0", &value, 8, &len), kBadParameter) << "a key that no program sees";
    EXPECT_EQ(code(NvSciSyncAttrKey_RequiredPerm | 0x7000000, "0", &value, 8, &len), kBadParameter);
    EXPECT_EQ(code(key, nullptr, &value, 8, &len), kBadParameter);
    EXPECT_EQ(code(key, "1", nullptr, 8, &len), kBadParameter);
    EXPECT_EQ(code(key, "1", &value, 8, nullptr), kBadParameter);
    EXPECT_EQ(code(key, "2", &value, 7, &len), NvSciError_Overflow);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "the value needs 8 bytes, there are 7"));
    EXPECT_EQ(opennvsciBufAttrValueFromText(key, "2", &value, 8, &len), kSuccess);
    EXPECT_EQ(value, 2U);
    EXPECT_EQ(len, 8U);
}

TEST_F(ValueFromText, UnknownKeysAreRefusedWithTheNearestName) {
    const OpenNvSciKey* key = nullptr;
    EXPECT_EQ(opennvsciBufGetKeyByName("NvSciBufGeneralAttrKey_NeedCpuAcces", &key), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(),
                         "there is no key 'NvSciBufGeneralAttrKey_NeedCpuAcces'; did you "
                         "mean 'NvSciBufGeneralAttrKey_NeedCpuAccess'?"));
    EXPECT_EQ(opennvsciBufGetKeyByName("NeedCpuAccess", &key), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "did you mean 'NvSciBufGeneralAttrKey_NeedCpuAccess'?"));
    EXPECT_EQ(opennvsciBufGetKeyByName("MemoryDomain", &key), kBadParameter) << "a key that no program sees";
    EXPECT_EQ(opennvsciSyncGetKeyByName("NvSciBufGeneralAttrKey_Types", &key), kBadParameter);
    EXPECT_EQ(opennvsciBufGetKeyByName(nullptr, &key), kBadParameter);
    EXPECT_EQ(opennvsciBufGetKeyByName("NvSciBufGeneralAttrKey_Types", nullptr), kBadParameter);
    EXPECT_EQ(key, nullptr);
    std::size_t count = 0;
    EXPECT_EQ(opennvsciSyncGetKeys(nullptr, &count), kBadParameter);
    EXPECT_EQ(opennvsciSyncGetKeys(&key, nullptr), kBadParameter);
    EXPECT_EQ(key, nullptr);
}

TEST(NearestName, PrefixCaseAndAFewLettersDoNotCount) {
    constexpr std::string_view kNames[] = {"Readonly", "ReadWrite", "NvSciColor_Y8", "Auto"};
    EXPECT_EQ(nearest_name("readwrite", kNames), "ReadWrite");
    EXPECT_EQ(nearest_name("ReadWriet", kNames), "ReadWrite");
    EXPECT_EQ(nearest_name("Y8", kNames), "NvSciColor_Y8");
    EXPECT_EQ(nearest_name("NvSciBufAccessPerm_Auto", kNames), "Auto");
    EXPECT_EQ(nearest_name("Write", kNames), "");
    EXPECT_EQ(nearest_name("", kNames), "");
    EXPECT_EQ(nearest_name(std::string(65, 'a'), kNames), "");
    EXPECT_EQ(nearest_name("Auto", {}), "");
}

}  // namespace
}  // namespace opennvsci::test
