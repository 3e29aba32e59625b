// SPDX-License-Identifier: Apache-2.0
//
// HandleTable: only a live handle gives its value, whatever number comes in, and a value lives exactly as long as its
// handle or the last running call that holds it.
#include "base/handle_table.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <ios>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace opennvsci {
namespace {

constexpr int kAlive = 0x1234;

/// A value that counts how many of its kind live, and spoils itself when it dies.
class Token {
  public:
    explicit Token(std::atomic<int>& living) : living_(&living) { ++living; }
    Token(Token&& other) noexcept : living_(other.living_) { ++*living_; }
    ~Token() {
        mark_ = 0;
        --*living_;
    }
    [[nodiscard]] int mark() const noexcept { return mark_; }

  private:
    std::atomic<int>* living_;
    volatile int mark_ = kAlive;
};

using Table = HandleTable<Token>;

/// A table that is never destroyed, as the library's own, and that a leak checker can still reach.
template <class T, std::uint64_t... kLast>
HandleTable<T, kLast...>& make_table(HandleKind kind) {
    static auto& tables = *new std::vector<HandleTable<T, kLast...>*>;
    return *tables.emplace_back(new HandleTable<T, kLast...>(kind));
}

class HandleTableTest : public ::testing::Test {
  protected:
    std::uint64_t insert() { return table_->insert(Token(living_)); }

    std::atomic<int> living_{0};
    Table* table_ = &make_table<Token>(HandleKind::module);
};

TEST_F(HandleTableTest, ALiveHandleGivesItsValue) {
    HandleTable<int>& numbers = make_table<int>(HandleKind::attribute_list);
    const std::uint64_t one = numbers.insert(1);
    const std::uint64_t two = numbers.insert(2);
    EXPECT_EQ(*numbers.acquire(one), 1);
    EXPECT_EQ(*numbers.acquire(two), 2);
    EXPECT_TRUE(is_handle_of(HandleKind::attribute_list, one));
    EXPECT_FALSE(is_handle_of(HandleKind::module, one));
}

TEST_F(HandleTableTest, AHandleIsNoUserAddress) {
    // A canonical user address has its highest 17 bits clear.
    EXPECT_NE(insert() >> 47, 0U);
}

TEST_F(HandleTableTest, AFreedHandleIsUnknown) {
    const std::uint64_t handle = insert();
    EXPECT_TRUE(table_->close(handle));
    EXPECT_EQ(living_, 0);
    EXPECT_FALSE(table_->acquire(handle));
    EXPECT_FALSE(table_->close(handle));
}

TEST_F(HandleTableTest, GarbageIsUnknown) {
    const std::uint64_t live = insert();
    const int local = 0;
    const auto heap = std::make_unique<int>();
    const std::uint64_t garbage[] = {
        0,
        1,
        42,
        ~std::uint64_t{0},
        reinterpret_cast<std::uintptr_t>(&local),
        reinterpret_cast<std::uintptr_t>(heap.get()),
        live + 1,                            // an index never given out, in storage that exists
        live + 5000,                         // an index in storage that does not exist yet
        live | 0xFFFFFF,                     // the last index
        live + (std::uint64_t{1} << 24),     // the next generation
        live ^ (std::uint64_t{0xFF} << 24),  // another generation
        live ^ (std::uint64_t{1} << 48),     // another kind
        live & 0xFFFFFFFFFFFF,               // no kind
    };
    for (const std::uint64_t handle : garbage) {
        EXPECT_FALSE(table_->acquire(handle)) << std::hex << handle;
        EXPECT_FALSE(table_->close(handle)) << std::hex << handle;
    }
    EXPECT_TRUE(table_->acquire(live));
    EXPECT_EQ(living_, 1);
    EXPECT_TRUE(table_->close(live));
}

TEST_F(HandleTableTest, AHandleOfAnotherKindIsUnknown) {
    Table& other = make_table<Token>(HandleKind::buffer_object);
    const std::uint64_t here = insert();
    const std::uint64_t there = other.insert(Token(living_));
    EXPECT_EQ(here & 0xFFFFFFFFFFFF, there & 0xFFFFFFFFFFFF) << "the same index and generation, so only the kind tells";
    EXPECT_FALSE(table_->acquire(there));
    EXPECT_FALSE(other.acquire(here));
    EXPECT_FALSE(table_->close(there));
    EXPECT_TRUE(table_->close(here));
    EXPECT_TRUE(other.close(there));
}

// Over several chunks, with holes; a visitor may close what it visits.
TEST_F(HandleTableTest, EveryLiveHandleIsVisitedOnce) {
    std::vector<std::uint64_t> living;
    for (int i = 0; i < 300; ++i) {
        living.push_back(insert());
        if (i % 3 == 0) {
            EXPECT_TRUE(table_->close(living.back()));
            living.pop_back();
        }
    }
    std::vector<std::uint64_t> visited;
    table_->for_each([&](std::uint64_t handle, const Token& token) {
        EXPECT_EQ(token.mark(), kAlive);
        EXPECT_TRUE(table_->close(handle));
        EXPECT_EQ(token.mark(), kAlive);
        visited.push_back(handle);
    });
    std::sort(living.begin(), living.end());
    std::sort(visited.begin(), visited.end());
    EXPECT_EQ(visited, living);
    EXPECT_EQ(living_, 0);
    table_->for_each([&](std::uint64_t handle, const Token&) { ADD_FAILURE() << handle; });
}

TEST_F(HandleTableTest, IndexesComeBackFirstInFirstOutWithANewGeneration) {
    const auto index_of = [](std::uint64_t handle) { return handle & 0xFFFFFF; };
    const std::uint64_t first = insert();
    const std::uint64_t second = insert();
    const std::uint64_t third = insert();
    EXPECT_TRUE(table_->close(second));
    EXPECT_TRUE(table_->close(first));
    const std::uint64_t again = insert();
    EXPECT_EQ(index_of(again), index_of(second));
    EXPECT_NE(again, second);
    const std::uint64_t and_again = insert();
    EXPECT_EQ(index_of(and_again), index_of(first));
    EXPECT_NE(and_again, first);
    EXPECT_FALSE(table_->acquire(first));
    EXPECT_FALSE(table_->acquire(second));
    for (const std::uint64_t handle : {third, again, and_again})
        EXPECT_TRUE(table_->close(handle));
}

TEST_F(HandleTableTest, OneIndexGivesManyDistinctHandles) {
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t handle = insert();
        EXPECT_TRUE(seen.insert(handle).second);
        EXPECT_TRUE(table_->close(handle));
    }
}

TEST_F(HandleTableTest, ManyHandlesLiveAtOnce) {
    constexpr int kMany = 5000;  // several chunks of storage
    HandleTable<int>& numbers = make_table<int>(HandleKind::module);
    std::vector<std::uint64_t> handles;
    for (int i = 0; i < kMany; ++i)
        handles.push_back(numbers.insert(i));
    for (int i = 0; i < kMany; ++i)
        EXPECT_EQ(*numbers.acquire(handles[static_cast<std::size_t>(i)]), i);
    for (const std::uint64_t handle : handles)
        EXPECT_TRUE(numbers.close(handle));
}

TEST_F(HandleTableTest, TheValueLivesUntilTheLastRunningCallEnds) {
    const std::uint64_t handle = insert();
    Table::Ref first = table_->acquire(handle);
    {
        const Table::Ref second = table_->acquire(handle);
        EXPECT_TRUE(table_->close(handle));
        EXPECT_FALSE(table_->acquire(handle)) << "unknown at once";
        EXPECT_FALSE(table_->close(handle));
        EXPECT_EQ(second->mark(), kAlive);
    }
    EXPECT_EQ(living_, 1);
    EXPECT_EQ(first->mark(), kAlive);
    Table::Ref moved = std::move(first);
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is the property
    EXPECT_EQ(moved->mark(), kAlive);
    moved = Table::Ref();
    EXPECT_EQ(living_, 0);
}

// The counter that a call took is not the one of the thread that ends it.
TEST_F(HandleTableTest, AHoldMayEndOnAnotherThread) {
    const std::uint64_t handle = insert();
    std::vector<Table::Ref> held;
    for (int i = 0; i < 9; ++i)
        std::thread([&] { held.push_back(table_->acquire(handle)); }).join();
    EXPECT_TRUE(table_->close(handle));
    for (int left = 9; left > 0; --left) {
        EXPECT_EQ(living_, 1) << left << " hold it";
        EXPECT_EQ(held.back()->mark(), kAlive);
        std::thread([&] { held.pop_back(); }).join();
    }
    EXPECT_EQ(living_, 0);
}

// Some threads ask for a handle all the time, while it is closed and its slot is used again for others: none of them
// keeps a value alive, and none reaches a value by an old handle.
TEST_F(HandleTableTest, WhoAsksForClosedHandlesKeepsNothingAlive) {
    std::atomic<std::uint64_t> handle{insert()};
    std::atomic<bool> stop{false};
    std::atomic<int> dead_reached{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&] {
            while (!stop) {
                const std::uint64_t asked = handle;
                for (int i = 0; i < 8; ++i) {
                    if (const Table::Ref ref = table_->acquire(asked); ref && ref->mark() != kAlive) ++dead_reached;
                }
            }
        });
    }
    for (int round = 0; round < 20000; ++round) {
        const std::uint64_t old = handle;
        handle = insert();
        EXPECT_TRUE(table_->close(old));
    }
    stop = true;
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_TRUE(table_->close(handle));
    EXPECT_EQ(living_, 0);
    EXPECT_EQ(dead_reached, 0);
}

TEST_F(HandleTableTest, TheIndexOfAHeldValueIsNotGivenOut) {
    const std::uint64_t handle = insert();
    Table::Ref held = table_->acquire(handle);
    EXPECT_TRUE(table_->close(handle));
    const std::uint64_t other = insert();
    EXPECT_NE(other & 0xFFFFFF, handle & 0xFFFFFF);
    held = Table::Ref();
    EXPECT_TRUE(table_->close(other));
}

// Threads insert, acquire and close handles that all of them see. A value that is reached is alive, and in the end
// exactly those that nobody closed are.
TEST_F(HandleTableTest, ThreadsNeverReachADeadValue) {
    constexpr int kThreads = 8;
    constexpr int kRounds = 4000;
    constexpr std::size_t kShared = 16;
    std::array<std::atomic<std::uint64_t>, kShared> shared{};
    std::atomic<int> dead_reached{0};
    std::atomic<int> reached{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            auto random = static_cast<std::uint32_t>(t + 1) * 2654435761U;
            for (int i = 0; i < kRounds; ++i) {
                random = random * 1664525U + 1013904223U;
                auto& place = shared[random >> 8 & (kShared - 1)];
                switch (random >> 28) {
                    case 0:
                    case 1:
                        if (const std::uint64_t old = place.exchange(insert()); old != 0) table_->close(old);
                        break;
                    case 2:
                        table_->close(place.load());  // a second close of it is refused
                        break;
                    default:
                        if (const auto ref = table_->acquire(place.load())) {
                            ++reached;
                            if (ref->mark() != kAlive) ++dead_reached;
                        }
                }
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(dead_reached, 0);
    EXPECT_GT(reached, 0);
    int open = 0;
    for (auto& place : shared)
        open += table_->acquire(place.load()) ? 1 : 0;
    EXPECT_EQ(living_, open);
    for (auto& place : shared)
        table_->close(place.load());
    EXPECT_EQ(living_, 0);
}

TEST_F(HandleTableTest, OfManyClosesOneSucceeds) {
    constexpr int kThreads = 8;
    for (int round = 0; round < 100; ++round) {
        const std::uint64_t handle = insert();
        std::atomic<int> closed{0};
        std::atomic<int> dead_reached{0};
        std::atomic<bool> go{false};
        std::vector<std::thread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&] {
                while (!go)
                    std::this_thread::yield();
                if (const auto ref = table_->acquire(handle); ref && ref->mark() != kAlive) ++dead_reached;
                if (table_->close(handle)) ++closed;
            });
        }
        go = true;
        for (std::thread& thread : threads)
            thread.join();
        ASSERT_EQ(closed, 1);
        ASSERT_EQ(dead_reached, 0);
        ASSERT_EQ(living_, 0);
    }
}

// One handle at a time uses the same slot again and again. When the slot's generations are used up, another slot
// serves, and no handle is ever given twice.
TEST_F(HandleTableTest, ASlotWhoseGenerationsAreUsedUpIsRetired) {
    constexpr std::uint64_t kLast = 3;
    auto& numbers = make_table<int, kLast>(HandleKind::attribute_list);
    std::set<std::uint64_t> given;
    for (int i = 0; i < 20; ++i) {
        const std::uint64_t handle = numbers.insert(i);
        EXPECT_TRUE(given.insert(handle).second) << i;
        for (const std::uint64_t earlier : given)
            EXPECT_EQ(static_cast<bool>(numbers.acquire(earlier)), earlier == handle) << i;
        EXPECT_TRUE(numbers.close(handle));
    }
}

// A forked child may close what its parent made: it is unknown there then, its value is not ended, and the table goes
// on to serve the child.
TEST_F(HandleTableTest, AForkedChildEndsNothingOfItsParent) {
    const std::uint64_t inherited = insert();
    const pid_t child = ::fork();
    if (child == 0) {
        bool good = table_->close(inherited) && !table_->acquire(inherited) && living_ == 1;
        const std::uint64_t own = insert();
        good = good && living_ == 2 && table_->close(own) && living_ == 1 && !table_->close(inherited);
        ::_exit(good ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_TRUE(table_->close(inherited));
    EXPECT_EQ(living_, 0);
}

}  // namespace
}  // namespace opennvsci
