// SPDX-License-Identifier: Apache-2.0
//
// The words of peers beside those of their timeline: signals and peers that come at the same moment. The steps that
// threads interleave are made one after the other here; models/timeline.pml tries every order of them.
#include "sync/mirrors.h"

#include <gtest/gtest.h>

namespace opennvsci::sync {
namespace {

Mirror make_mirror() {
    auto page = SharedPage::create(sizeof(CounterWords), memory::Right::read_only);
    EXPECT_TRUE(page) << page.error().text;
    return {*std::move(page), nullptr};
}

TEST(Mirrors, ASignalThatAnAttachingPeerHasSeenIsStillToldToTheOthers) {
    Mirrors mirrors;
    CounterWords own{};
    const Mirror first = make_mirror();
    const Mirror second = make_mirror();
    mirrors.add(first, own, 0);
    own.payload.store(1);  // a signal, which is to be followed
    mirrors.add(second, own, 0);
    EXPECT_EQ(second.words().payload.load(), 1U);
    mirrors.follow(own);
    EXPECT_EQ(first.words().payload.load(), 1U);
    EXPECT_EQ(second.words().payload.load(), 1U);
}

TEST(Mirrors, WhatAStreamHasWrittenBehindASignalIsNotTakenBackByTheCopy) {
    Mirrors mirrors;
    CounterWords own{};
    own.payload.store(2);
    const Mirror peer = make_mirror();
    peer.words().payload.store(3);  // the stream was faster
    mirrors.add(peer, own, 0);
    EXPECT_EQ(peer.words().payload.load(), 3U);
}

}  // namespace
}  // namespace opennvsci::sync
