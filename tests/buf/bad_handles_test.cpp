// SPDX-License-Identifier: Apache-2.0
//
// Every handle parameter of every implemented function, given every kind of wrong handle: BadParameter or, where there
// is no error channel, nothing; never a crash, and no output touched. The table holds one row per parameter.
#include <cstdlib>
#include <functional>

#include "buf_test.h"
#include "failure_walk.h"
#include "log_level.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

/// Outputs with a mark in them, to see that nothing is written.
struct Outputs {
    NvSciBufAttrList list = mark<NvSciBufAttrList>();
    NvSciBufAttrList conflict = mark<NvSciBufAttrList>();
    NvSciBufObj object = mark<NvSciBufObj>();
    void* pointer = mark<void*>();
    const void* const_pointer = mark<void*>();
    std::size_t length = 77;
    bool flag = true;
    const OpenNvSciDecision* decisions = nullptr;
    const OpenNvSciBufLayout* layout = nullptr;
    NvSciBufAttrKeyValuePair pair{NvSciBufGeneralAttrKey_NeedCpuAccess, &flag, sizeof(flag)};

    template <class T>
    static T mark() {
        return reinterpret_cast<T>(std::uintptr_t{0x77});
    }
    void expect_untouched(bool reconciles) const {
        // Reconciling sets its outputs to NULL on failure.
        EXPECT_EQ(list, reconciles ? nullptr : mark<NvSciBufAttrList>());
        EXPECT_EQ(conflict, reconciles ? nullptr : mark<NvSciBufAttrList>());
        EXPECT_EQ(object, reconciles ? nullptr : mark<NvSciBufObj>());
        EXPECT_EQ(pointer, mark<void*>());
        EXPECT_EQ(const_pointer, mark<void*>());
        EXPECT_EQ(length, 77U);
        EXPECT_TRUE(flag);
        EXPECT_EQ(decisions, nullptr);
        EXPECT_EQ(layout, nullptr);
        EXPECT_EQ(pair.value, &flag);
        EXPECT_EQ(pair.len, sizeof(flag));
    }
};

enum class Kind { module, list, object };

struct HandleParameter {
    const char* what;
    Kind kind;
    std::function<NvSciError(void* handle, Outputs& out)> call;
    bool reconciles = false;
};

class BadHandlesTest : public BufTest {
  protected:
    void TearDown() override {
        object_.reset();
        BufTest::TearDown();
    }

    // A live handle of each kind.
    List list_ = raw_list(module_, 4096);
    List result_ = reconciled({list_});
    Object object_ = allocate(result_);
    std::vector<HandleParameter> rows_ = rows();

    [[nodiscard]] std::vector<void*> wrong_handles(Kind kind) const {
        static int local = 0;
        std::vector<void*> handles{nullptr, &local, const_cast<int*>(&stack_), garbage(~std::uint64_t{0})};
        for (const std::uint64_t number : {1ULL, 2ULL, 8ULL, 4096ULL, 0xDEADBEEFULL, 1ULL << 47, 1ULL << 63})
            handles.push_back(garbage(number));
        if (kind != Kind::module) handles.push_back(module_.get());
        if (kind != Kind::list) handles.push_back(result_.get());
        if (kind != Kind::object) handles.push_back(object_.get());
        handles.push_back(freed(kind));
        // The form of a live handle, with an index or a generation that was never given out.
        const auto live = reinterpret_cast<std::uint64_t>(kind == Kind::module ? static_cast<void*>(module_.get())
                                                          : kind == Kind::list ? static_cast<void*>(list_.get())
                                                                               : static_cast<void*>(object_.get()));
        handles.push_back(garbage(live | 0xFFFFFF));
        handles.push_back(garbage(live ^ 0x800000000000));
        return handles;
    }

  private:
    static void* garbage(std::uint64_t number) { return reinterpret_cast<void*>(number); }

    [[nodiscard]] void* freed(Kind kind) const {
        switch (kind) {
            case Kind::module: {
                Module module = open_module();
                return module.get();
            }
            case Kind::list: {
                const List list = raw_list(module_, 1);
                return list.get();
            }
            case Kind::object: {
                const Object object = allocate(result_);
                return object.get();
            }
        }
        return nullptr;
    }

    std::vector<HandleParameter> rows() {
        const auto list = [](void* handle) { return static_cast<NvSciBufAttrList>(handle); };
        const auto object = [](void* handle) { return static_cast<NvSciBufObj>(handle); };
        // An array that holds the handle at one place and a right list at the other.
        const auto both = [this](void* handle) {
            return std::array<NvSciBufAttrList, 2>{list_.get(), static_cast<NvSciBufAttrList>(handle)};
        };
        return {
            {"AttrListCreate", Kind::module,
             [](void* h, Outputs& o) { return NvSciBufAttrListCreate(static_cast<NvSciBufModule>(h), &o.list); }},
            {"AttrListClone", Kind::list, [=](void* h, Outputs& o) { return NvSciBufAttrListClone(list(h), &o.list); }},
            {"AppendUnreconciled", Kind::list,
             [=](void* h, Outputs& o) { return NvSciBufAttrListAppendUnreconciled(both(h).data(), 2, &o.list); }},
            {"IsReconciled", Kind::list,
             [=](void* h, Outputs& o) { return NvSciBufAttrListIsReconciled(list(h), &o.flag); }},
            {"SetAttrs", Kind::list,
             [=](void* h, Outputs& o) { return NvSciBufAttrListSetAttrs(list(h), &o.pair, 1); }},
            {"GetAttrs", Kind::list,
             [=](void* h, Outputs& o) { return NvSciBufAttrListGetAttrs(list(h), &o.pair, 1); }},
            {"SlotGetAttrs", Kind::list,
             [=](void* h, Outputs& o) { return NvSciBufAttrListSlotGetAttrs(list(h), 0, &o.pair, 1); }},
            {"DebugDump", Kind::list,
             [=](void* h, Outputs& o) { return NvSciBufAttrListDebugDump(list(h), &o.pointer, &o.length); }},
            {"Reconcile", Kind::list,
             [=](void* h, Outputs& o) {
                 o.object = nullptr;  // not an output of this one
                 return NvSciBufAttrListReconcile(both(h).data(), 2, &o.list, &o.conflict);
             },
             true},
            {"ReconcileAndObjAlloc", Kind::list,
             [=](void* h, Outputs& o) {
                 o.list = nullptr;
                 return NvSciBufAttrListReconcileAndObjAlloc(both(h).data(), 2, &o.object, &o.conflict);
             },
             true},
            {"ValidateReconciled, the reconciled list", Kind::list,
             [=, this](void* h, Outputs& o) {
                 const NvSciBufAttrList lists[] = {list_};
                 return NvSciBufAttrListValidateReconciled(list(h), lists, 1, &o.flag);
             }},
            {"ValidateReconciled, the array", Kind::list,
             [=, this](void* h, Outputs& o) {
                 return NvSciBufAttrListValidateReconciled(result_, both(h).data(), 2, &o.flag);
             }},
            {"ValidateReconciledAgainstAttrs", Kind::list,
             [=](void* h, Outputs& o) { return NvSciBufAttrListValidateReconciledAgainstAttrs(list(h), &o.pair, 1); }},
            {"ObjAlloc", Kind::list, [=](void* h, Outputs& o) { return NvSciBufObjAlloc(list(h), &o.object); }},
            {"ObjDup", Kind::object, [=](void* h, Outputs& o) { return NvSciBufObjDup(object(h), &o.object); }},
            {"ObjDupWithReducePerm", Kind::object,
             [=](void* h, Outputs& o) {
                 return NvSciBufObjDupWithReducePerm(object(h), NvSciBufAccessPerm_Readonly, &o.object);
             }},
            {"ObjGetAttrList", Kind::object,
             [=](void* h, Outputs& o) { return NvSciBufObjGetAttrList(object(h), &o.list); }},
            {"ObjGetCpuPtr", Kind::object,
             [=](void* h, Outputs& o) { return NvSciBufObjGetCpuPtr(object(h), &o.pointer); }},
            {"ObjGetConstCpuPtr", Kind::object,
             [=](void* h, Outputs& o) { return NvSciBufObjGetConstCpuPtr(object(h), &o.const_pointer); }},
            {"ObjFlushCpuCacheRange", Kind::object,
             [=](void* h, Outputs&) { return NvSciBufObjFlushCpuCacheRange(object(h), 0, 1); }},
            {"opennvsciBufAttrListSetName", Kind::list,
             [=](void* h, Outputs&) { return opennvsciBufAttrListSetName(list(h), "name"); }},
            {"opennvsciBufAttrListGetDecisions", Kind::list,
             [=](void* h, Outputs& o) { return opennvsciBufAttrListGetDecisions(list(h), &o.decisions, &o.length); }},
            {"opennvsciBufAttrListGetLayout", Kind::list,
             [=](void* h, Outputs& o) { return opennvsciBufAttrListGetLayout(list(h), &o.layout); }},
        };
    }

    const int stack_ = 0;
};

TEST_F(BadHandlesTest, EveryParameterRefusesEveryWrongHandle) {
    for (const HandleParameter& row : rows_) {
        for (void* handle : wrong_handles(row.kind)) {
            SCOPED_TRACE(::testing::Message() << row.what << " given " << handle);
            Outputs outputs;
            EXPECT_EQ(row.call(handle, outputs), kBadParameter);
            outputs.expect_untouched(row.reconciles);
            EXPECT_STRNE(opennvsciGetLastErrorText(), "");
        }
    }
}

TEST_F(BadHandlesTest, FunctionsWithoutAnErrorChannelIgnoreThemAndSayIt) {
    const LogLevel all("debug");  // the same text more often than once a second
    in_new_process([this] {
        struct VoidRow {
            const char* name;
            Kind kind;
            std::function<void(void*)> call;
        };
        const VoidRow void_rows[] = {
            {"NvSciBufModuleClose", Kind::module, [](void* h) { NvSciBufModuleClose(static_cast<NvSciBufModule>(h)); }},
            {"NvSciBufAttrListFree", Kind::list,
             [](void* h) { NvSciBufAttrListFree(static_cast<NvSciBufAttrList>(h)); }},
            {"NvSciBufObjFree", Kind::object, [](void* h) { NvSciBufObjFree(static_cast<NvSciBufObj>(h)); }},
            {"NvSciBufAttrListGetSlotCount", Kind::list,
             [](void* h) { EXPECT_EQ(NvSciBufAttrListGetSlotCount(static_cast<NvSciBufAttrList>(h)), 0U); }},
        };
        for (const VoidRow& row : void_rows) {
            for (void* handle : wrong_handles(row.kind)) {
                SCOPED_TRACE(::testing::Message() << row.name << " given " << handle);
                ::testing::internal::CaptureStderr();
                row.call(handle);
                const std::string said = ::testing::internal::GetCapturedStderr();
                if (handle == nullptr) {
                    EXPECT_EQ(said, "");
                } else {
                    EXPECT_TRUE(contains(said, row.name));
                    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
                }
            }
        }
        // What is alive still is.
        EXPECT_EQ(NvSciBufAttrListGetSlotCount(list_), 1U);
        Object copy;
        EXPECT_EQ(NvSciBufObjDup(object_, copy.out()), kSuccess);
        EXPECT_NE(create_list(module_).get(), nullptr);
    });
}

// The text tells what the number is instead, as far as a number can tell.
TEST_F(BadHandlesTest, TheTextSaysWhatWasGivenInstead) {
    NvSciBufObj made = nullptr;
    const auto text = [&](void* handle) {
        EXPECT_EQ(NvSciBufObjDup(static_cast<NvSciBufObj>(handle), &made), kBadParameter);
        return std::string(opennvsciGetLastErrorText());
    };
    EXPECT_TRUE(contains(text(nullptr), "bufObj is NULL"));
    EXPECT_TRUE(contains(text(list_.get()), "bufObj is an attribute list (NvSciBufAttrList)"));
    EXPECT_TRUE(contains(text(module_.get()), "bufObj is a module (NvSciBufModule)"));
    NvSciBufObj object = object_.get();
    EXPECT_TRUE(contains(text(&object), "looks like an address; give the handle itself"));
    void* const ended = Object(allocate(result_)).get();
    EXPECT_TRUE(contains(text(ended), "is not a live handle: a buffer object (NvSciBufObj)"));
    EXPECT_TRUE(contains(text(reinterpret_cast<void*>(std::uintptr_t{77})), "is not a live handle"));
    EXPECT_EQ(made, nullptr);
    NvSciBufAttrList lists[] = {list_, reinterpret_cast<NvSciBufAttrList>(object_.get())};
    NvSciBufAttrList appended = nullptr;
    EXPECT_EQ(NvSciBufAttrListAppendUnreconciled(lists, 2, &appended), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "list 2 of 2 is a buffer object (NvSciBufObj)"));
}

// What they say needs memory, and there may be none.
TEST_F(BadHandlesTest, FunctionsWithoutAnErrorChannelSurviveAnExhaustedHeap) {
    const LogLevel all("debug");  // the same text more often than once a second
    in_new_process([this] {
        int local = 0;
        void* const ended = Object(allocate(result_)).get();
        for (void* handle : {static_cast<void*>(&local), static_cast<void*>(list_.get()), ended}) {
            walk_failure_points(kEveryPoint, [&](FailurePoint& point) {
                ::testing::internal::CaptureStderr();
                point.arm();
                NvSciBufObjFree(static_cast<NvSciBufObj>(handle));
                NvSciBufModuleClose(static_cast<NvSciBufModule>(handle));
                point.disarm();
                EXPECT_TRUE(contains(::testing::internal::GetCapturedStderr(), "NvSciBufModuleClose"));
            });
        }
        EXPECT_EQ(NvSciBufAttrListGetSlotCount(list_), 1U);
    });
}

// The same rows with right handles, so that the refusals above come from the handle and from nothing else.
TEST_F(BadHandlesTest, RightHandlesAreAccepted) {
    const Object cpu = allocate(reconciled({cpu_list()}));
    for (const HandleParameter& row : rows_) {
        SCOPED_TRACE(row.what);
        Outputs outputs;
        const bool takes_reconciled = std::string(row.what) == "ValidateReconciled, the reconciled list" ||
                                      std::string(row.what) == "ValidateReconciledAgainstAttrs" ||
                                      std::string(row.what) == "ObjAlloc" ||
                                      std::string(row.what) == "opennvsciBufAttrListGetDecisions" ||
                                      std::string(row.what) == "opennvsciBufAttrListGetLayout";
        const List fresh = raw_list(module_, 4096);
        void* handle = nullptr;
        if (row.kind == Kind::module) handle = module_.get();
        if (row.kind == Kind::list) handle = takes_reconciled ? result_.get() : fresh.get();
        if (row.kind == Kind::object) handle = cpu.get();
        outputs.flag = false;  // a wish that every list satisfies
        EXPECT_EQ(row.call(handle, outputs), kSuccess) << opennvsciGetLastErrorText();
        if (outputs.list != Outputs::mark<NvSciBufAttrList>()) NvSciBufAttrListFree(outputs.list);
        if (outputs.object != Outputs::mark<NvSciBufObj>()) NvSciBufObjFree(outputs.object);
        if (outputs.pointer != Outputs::mark<void*>() && outputs.length != 77) std::free(outputs.pointer);
    }
}

}  // namespace
}  // namespace opennvsci::test
