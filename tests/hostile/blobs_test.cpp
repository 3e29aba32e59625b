// SPDX-License-Identifier: Apache-2.0
//
// Bytes that a peer changed: each kind of blob is cut after every byte, lengthened, and changed at every byte. It is
// refused with a documented code and a text, or what comes of it does no harm; and it leaves nothing behind.
#include <gtest/gtest.h>

#include <cstdio>
#include <ios>
#include <set>

#include "blobs.h"
#include "leak_check.h"
#include "opennvsci.h"

namespace opennvsci::test {
namespace {

bool is_documented_refusal(NvSciError code) {
    switch (code) {
        case NvSciError_BadParameter:
        case NvSciError_NotSupported:
        case NvSciError_AttrListValidationFailed:
        case NvSciError_AccessDenied:
        case NvSciError_Overflow:
        case NvSciError_InvalidOperation:
            return true;
        default:
            return false;
    }
}

class Changed : public ::testing::TestWithParam<Blobs::Kind> {
  protected:
    // Fails the test if the importer believes what it may not. True if it refused.
    bool is_refused(const Bytes& bytes, const std::string& what) {
        const Imported imported = blobs_.take(GetParam(), bytes);
        EXPECT_EQ(imported.harm, "") << what;
        if (imported.code == kSuccess) return false;
        EXPECT_TRUE(is_documented_refusal(imported.code)) << what << std::hex << ": 0x" << imported.code;
        EXPECT_STRNE(opennvsciGetLastErrorText(), "") << what;
        return true;
    }

    // For blobs that can be taken once: what a refusal left, so that no exports pile up. A refused blob may have used
    // up its token.
    void drain(const Bytes& valid) {
        if (GetParam().is_once) (void)blobs_.take(GetParam(), valid);
    }

    Blobs blobs_;
};

TEST_P(Changed, TheUnchangedBytesAreTaken) {
    const Bytes valid = blobs_.make(GetParam());
    EXPECT_FALSE(is_refused(valid, "unchanged")) << opennvsciGetLastErrorText();
    EXPECT_EQ(is_refused(valid, "a second time"), GetParam().is_once);
}

TEST_P(Changed, NoLengthButTheRightOneIsTaken) {
    if (!GetParam().is_list) GTEST_SKIP() << "a struct has no length";
    Bytes valid = blobs_.make(GetParam());
    for (std::size_t length = 0; length < valid.size(); ++length) {
        // At the end of memory that ends there, so that a sanitizer sees what is read beyond.
        const Bytes cut(valid.begin(), valid.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_TRUE(is_refused(cut, "cut after " + std::to_string(length)));
        if (HasFailure()) return;
    }
    for (const std::size_t more : {1U, 3U, 4U, 8U, 4096U}) {
        Bytes longer = valid;
        longer.resize(longer.size() + more);
        EXPECT_TRUE(is_refused(longer, "longer by " + std::to_string(more)));
    }
    EXPECT_FALSE(is_refused(valid, "after all that")) << opennvsciGetLastErrorText();
}

TEST_P(Changed, AnyChangedByteIsRefusedOrDoesNoHarm) {
    Bytes valid = blobs_.make(GetParam());
    std::size_t taken = 0;
    std::set<std::size_t> free_bytes;
    for (std::size_t at = 0; at < valid.size(); ++at) {
        for (const int change : {0x01, 0x80, 0xFF}) {
            Bytes bytes = valid;
            bytes[at] ^= static_cast<std::byte>(change);
            if (!is_refused(bytes, "byte " + std::to_string(at) + " changed by " + std::to_string(change))) {
                ++taken;
                free_bytes.insert(at);
            }
            drain(valid);
            if (GetParam().is_once) valid = blobs_.make(GetParam());
            if (HasFailure()) return;
        }
    }
    std::printf("%s: %zu of %zu changes at %zu of %zu bytes were taken and did no harm\n", GetParam().name, taken,
                3 * valid.size(), free_bytes.size(), valid.size());
    // Of a descriptor of an object, nothing can be changed.
    if (!GetParam().is_list && GetParam().is_once) {
        EXPECT_EQ(taken, 0U);
    }
    drain(valid);
}

// Numbers are four or eight bytes wide: the ends of their range, at each place where one may be.
TEST_P(Changed, AnyExtremeNumberIsRefusedOrDoesNoHarm) {
    constexpr std::uint64_t kNumbers[] = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, ~0ULL, 1ULL << 63, ~0ULL >> 1};
    Bytes valid = blobs_.make(GetParam());
    for (std::size_t at = 0; at + 4 <= valid.size(); at += 4) {
        for (const std::uint64_t number : kNumbers) {
            for (const std::size_t width : {4U, 8U}) {
                if (at + width > valid.size()) continue;
                Bytes bytes = valid;
                std::memcpy(bytes.data() + at, &number, width);
                (void)is_refused(bytes, std::to_string(number) + " at " + std::to_string(at));
                drain(valid);
                if (GetParam().is_once) valid = blobs_.make(GetParam());
                if (HasFailure()) return;
            }
        }
    }
    drain(valid);
}

INSTANTIATE_TEST_SUITE_P(Blobs, Changed, ::testing::ValuesIn(Blobs::kinds().begin(), Blobs::kinds().end()),
                         [](const auto& parameter) { return parameter.param.name; });

// A blob of one kind is no blob of another, and none goes back to the one who made it.
TEST(Blob, OfAnotherKindIsRefused) {
    Blobs blobs;
    for (const Blobs::Kind& made : Blobs::kinds()) {
        const Bytes bytes = blobs.make(made);
        for (const Blobs::Kind& taken : Blobs::kinds()) {
            if (made.take == taken.take || (!taken.is_list && !made.is_list && made.is_once != taken.is_once)) continue;
            const Imported imported = blobs.take(taken, bytes);
            EXPECT_TRUE(is_documented_refusal(imported.code))
                << made.name << " taken as " << taken.name << ": 0x" << std::hex << imported.code;
            EXPECT_EQ(imported.harm, "");
        }
        if (made.is_once) (void)blobs.take(made, bytes);
    }
}

// From one life of the channel to the next.
TEST(Blob, OfAnEarlierOpeningIsRefused) {
    std::vector<Bytes> old;
    {
        Blobs blobs;
        for (const Blobs::Kind& kind : Blobs::kinds())
            old.push_back(blobs.make(kind));
    }
    Blobs blobs;
    for (std::size_t i = 0; i < old.size(); ++i) {
        const Imported imported = blobs.take(Blobs::kinds()[i], old[i]);
        EXPECT_TRUE(is_documented_refusal(imported.code))
            << Blobs::kinds()[i].name << ": 0x" << std::hex << imported.code;
        EXPECT_EQ(imported.harm, "");
    }
}

class BlobLeaks : public LeakCheckedTest {};

TEST_F(BlobLeaks, WhatIsRefusedLeavesNothingBehind) {
    Blobs blobs;
    for (const Blobs::Kind& kind : Blobs::kinds()) {
        for (int i = 0; i < 20; ++i) {
            Bytes bytes = blobs.make(kind);
            bytes[bytes.size() / 2] ^= std::byte{0x40};
            (void)blobs.take(kind, bytes);
        }
    }
}

}  // namespace
}  // namespace opennvsci::test
