// SPDX-License-Identifier: Apache-2.0
//
// Prints the page of the reference that has every attribute key, as Markdown for doxygen. The columns are those of the
// key tables (attr::Key). What a key defaults to, and which keys a buffer needs, is asked of reconciliations: each kind
// of buffer as the least that somebody must say of it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attr/schema.h"
#include "buf/keys.h"
#include "nvscibuf.h"
#include "nvscisync.h"
#include "opennvsci.h"
#include "sync/keys.h"

namespace opennvsci {
namespace {

using attr::Direction;
using attr::Key;
using attr::Presence;

/// The value of a key, as bytes.
struct Wish {
    template <class T, std::size_t kCount>
    Wish(std::uint32_t number, const T (&elements)[kCount]) : key(number), bytes(sizeof elements) {
        std::memcpy(bytes.data(), elements, sizeof elements);
    }
    std::uint32_t key;
    std::vector<unsigned char> bytes;
};

using Wishes = std::vector<Wish>;

/// A complete description of something: nothing can be left out. It becomes several lists if several must take part.
struct Sample {
    const char* name;
    std::vector<Wishes> lists;
};

/// What reconciliations of samples tell of the keys.
struct Findings {
    std::map<std::uint32_t, std::vector<std::string>> needed_for;
    std::map<std::uint32_t, std::string> defaults;
};

[[noreturn]] void stop(std::string_view what) {
    fmt::print(stderr, "opennvsci-keys: {}: {}\n", what, opennvsciGetLastErrorText());
    std::exit(1);
}

/// The functions of a library that samples need.
struct NvSciBuf {
    using Module = NvSciBufModule;
    using List = NvSciBufAttrList;
    using Pair = NvSciBufAttrKeyValuePair;
    using Number = NvSciBufAttrKey;
    static constexpr auto open = NvSciBufModuleOpen;
    static constexpr auto close = NvSciBufModuleClose;
    static constexpr auto create = NvSciBufAttrListCreate;
    static constexpr auto set = NvSciBufAttrListSetAttrs;
    static constexpr auto reconcile = NvSciBufAttrListReconcile;
    static constexpr auto free = NvSciBufAttrListFree;
    static constexpr auto decisions = opennvsciBufAttrListGetDecisions;
};
struct NvSciSync {
    using Module = NvSciSyncModule;
    using List = NvSciSyncAttrList;
    using Pair = NvSciSyncAttrKeyValuePair;
    using Number = NvSciSyncAttrKey;
    static constexpr auto open = NvSciSyncModuleOpen;
    static constexpr auto close = NvSciSyncModuleClose;
    static constexpr auto create = NvSciSyncAttrListCreate;
    static constexpr auto set = NvSciSyncAttrListSetAttrs;
    static constexpr auto reconcile = NvSciSyncAttrListReconcile;
    static constexpr auto free = NvSciSyncAttrListFree;
    static constexpr auto decisions = opennvsciSyncAttrListGetDecisions;
};

/// Reconciles a sample without the key `left_out`, 0 for none. True if that succeeds; then `findings`, if there are
/// any to be made, has what became of the other keys.
template <class Library>
bool reconciles(typename Library::Module module, const Sample& sample, std::uint32_t left_out, Findings* findings) {
    std::vector<typename Library::List> lists;
    for (const Wishes& wishes : sample.lists) {
        std::vector<typename Library::Pair> pairs;
        for (const Wish& wish : wishes) {
            if (wish.key == left_out) continue;
            pairs.push_back({static_cast<typename Library::Number>(wish.key), wish.bytes.data(), wish.bytes.size()});
        }
        if (Library::create(module, &lists.emplace_back()) != NvSciError_Success) stop("a list");
        // Without the key that selects the others they cannot even be set.
        if (!pairs.empty() && Library::set(lists.back(), pairs.data(), pairs.size()) != NvSciError_Success) {
            if (left_out == 0) stop(sample.name);
            lists.back() = nullptr;
        }
    }
    typename Library::List result = nullptr;
    typename Library::List conflict = nullptr;
    const bool succeeds = Library::reconcile(lists.data(), lists.size(), &result, &conflict) == NvSciError_Success;
    const OpenNvSciDecision* decisions = nullptr;
    std::size_t count = 0;
    if (succeeds && findings != nullptr && Library::decisions(result, &decisions, &count) != NvSciError_Success)
        stop("decisions");
    for (const OpenNvSciDecision& decision : std::span(decisions, count)) {
        if (decision.outcome == OpenNvSciOutcome_Defaulted) findings->defaults.emplace(decision.key, decision.granted);
    }
    lists.insert(lists.end(), {result, conflict});
    for (typename Library::List list : lists)
        Library::free(list);
    return succeeds;
}

template <class Library>
Findings find(const std::vector<Sample>& samples) {
    typename Library::Module module = nullptr;
    if (Library::open(&module) != NvSciError_Success) stop("a module");
    Findings findings;
    for (const Sample& sample : samples) {
        if (!reconciles<Library>(module, sample, 0, &findings)) stop(sample.name);
        for (const Wish& wish : sample.lists.front()) {
            if (reconciles<Library>(module, sample, wish.key, nullptr))
                stop(fmt::format("{:#x} is not needed", wish.key));
            findings.needed_for[wish.key].emplace_back(sample.name);
        }
    }
    Library::close(module);
    return findings;
}

template <class T, std::size_t kCount>
Sample buffer(const char* name, const T (&types)[kCount], const Wishes& wishes) {
    Wishes all{{NvSciBufGeneralAttrKey_Types, types}};
    all.insert(all.end(), wishes.begin(), wishes.end());
    return {name, std::vector<Wishes>(1, all)};
}

Wishes joined(Wishes wishes, const Wishes& others) {
    wishes.insert(wishes.end(), others.begin(), others.end());
    return wishes;
}

std::vector<Sample> buffers() {
    const std::uint32_t one[] = {1};
    const std::uint32_t four[] = {4};
    const std::uint32_t sixteen[] = {16};
    const std::uint64_t one_image[] = {1};
    const std::uint64_t pixels[] = {1, 16, 16, 4};
    const std::uint64_t bytes[] = {4096};
    const float half[] = {0.5F};
    const NvSciBufAttrValColorFmt rgba[] = {NvSciColor_A8B8G8R8};
    const NvSciBufAttrValDataType uint8[] = {NvSciDataType_Uint8};
    const Wishes image{{NvSciBufImageAttrKey_Layout, {NvSciBufImage_PitchLinearType}}};
    const Wishes planes = joined(image, {{NvSciBufImageAttrKey_ScanType, {NvSciBufScan_ProgressiveType}},
                                         {NvSciBufImageAttrKey_PlaneCount, one},
                                         {NvSciBufImageAttrKey_PlaneColorFormat, rgba},
                                         {NvSciBufImageAttrKey_PlaneWidth, sixteen},
                                         {NvSciBufImageAttrKey_PlaneHeight, sixteen}});
    const Wishes surface = joined(image, {{NvSciBufImageAttrKey_SurfType, {NvSciSurfType_YUV}},
                                          {NvSciBufImageAttrKey_SurfMemLayout, {NvSciSurfMemLayout_SemiPlanar}},
                                          {NvSciBufImageAttrKey_SurfSampleType, {NvSciSurfSampleType_420}},
                                          {NvSciBufImageAttrKey_SurfBPC, {NvSciSurfBPC_8}},
                                          {NvSciBufImageAttrKey_SurfComponentOrder, {NvSciSurfComponentOrder_YUV}},
                                          {NvSciBufImageAttrKey_SurfWidthBase, sixteen},
                                          {NvSciBufImageAttrKey_SurfHeightBase, sixteen}});
    const Wishes tensor{{NvSciBufTensorAttrKey_DataType, uint8},
                        {NvSciBufTensorAttrKey_NumDims, one},
                        {NvSciBufTensorAttrKey_SizePerDim, bytes},
                        {NvSciBufTensorAttrKey_AlignmentPerDim, one}};
    const Wishes tensor_of_image{{NvSciBufImageAttrKey_ImageCount, one_image},
                                 {NvSciBufTensorAttrKey_DataType, uint8},
                                 {NvSciBufTensorAttrKey_NumDims, four},
                                 {NvSciBufTensorAttrKey_SizePerDim, pixels},
                                 {NvSciBufTensorAttrKey_PixelFormat, rgba}};
    const Wishes array{{NvSciBufArrayAttrKey_DataType, uint8},
                       {NvSciBufArrayAttrKey_Stride, bytes},
                       {NvSciBufArrayAttrKey_Capacity, bytes}};
    const Wishes pyramid{{NvSciBufPyramidAttrKey_NumLevels, one}, {NvSciBufPyramidAttrKey_Scale, half}};
    return {
        buffer("raw buffer", {NvSciBufType_RawBuffer}, {{NvSciBufRawBufferAttrKey_Size, bytes}}),
        buffer("image by planes", {NvSciBufType_Image}, planes),
        buffer("image by surface", {NvSciBufType_Image}, surface),
        buffer("tensor", {NvSciBufType_Tensor}, tensor),
        buffer("image and tensor", {NvSciBufType_Image, NvSciBufType_Tensor}, joined(planes, tensor_of_image)),
        buffer("array", {NvSciBufType_Array}, array),
        buffer("pyramid", {NvSciBufType_Pyramid}, joined(planes, pyramid)),
    };
}

std::vector<Sample> timelines() {
    const std::uint64_t signal[] = {NvSciSyncAccessPerm_SignalOnly};
    const std::uint64_t wait[] = {NvSciSyncAccessPerm_WaitOnly};
    const Wishes signaler{{NvSciSyncAttrKey_RequiredPerm, signal}};
    const Wishes waiter{{NvSciSyncAttrKey_RequiredPerm, wait}};
    return {Sample{"signaler and waiter", {signaler, waiter}}};
}

// Columns

std::string_view direction_of(const Key& key) {
    switch (key.direction) {
        case Direction::in:
            return "in";
        case Direction::out:
            return "out";
        case Direction::in_out:
            return "in, out";
        default:
            return "";
    }
}

std::string presence_of(const Key& key, const Findings& findings) {
    if (key.presence == Presence::output) return "";
    if (key.presence == Presence::mandatory) return "yes";
    const auto needed = findings.needed_for.find(key.number);
    return needed == findings.needed_for.end() ? "no" : fmt::format("for: {}", fmt::join(needed->second, ", "));
}

std::string default_of(const Key& key, const Findings& findings) {
    const auto found = findings.defaults.find(key.number);
    return found == findings.defaults.end() ? "" : found->second;
}

void print_key(const Key& key, const Findings& findings) {
    const std::string_view name = key.name;
    const std::string_view type = key.type->name;
    fmt::print("| @ref {} \"{}\" | {}{}{} | {} | {} | {} | {} | {} | {} |\n", name, name.substr(name.find('_') + 1),
               type.starts_with("Nv") ? "#" : "", type, key.max_count > 1 ? fmt::format("[1..{}]", key.max_count) : "",
               direction_of(key), presence_of(key, findings), key.legal->text, default_of(key, findings),
               key.merge != nullptr ? key.merge->name : "", key.check != nullptr ? key.check->name : "");
}

void print_table(const attr::Schema& schema, const Findings& findings) {
    std::string_view group;
    for (const Key& key : schema.keys()) {
        if (key.direction == Direction::internal) continue;
        const std::string_view name = key.name;
        if (const auto prefix = name.substr(0, name.find('_') + 1); prefix != group) {
            group = prefix;
            fmt::print(
                "\n## {}…\n\n"
                "| key | value | direction | must be set | legal | default | merge | check |\n"
                "|---|---|---|---|---|---|---|---|\n",
                group);
        }
        print_key(key, findings);
    }
}

/// Every rule of a column once, by its name and its text.
template <class Rule>
void print_rules(const char* title, const Rule* Key::*column) {
    std::map<std::string_view, std::vector<std::string_view>> texts;
    for (const attr::Schema* schema : {&buf::schema(), &sync::schema()}) {
        for (const Key& key : schema->keys()) {
            if (const Rule* rule = key.*column; rule != nullptr) {
                auto& known = texts[rule->name];
                if (std::find(known.begin(), known.end(), rule->text) == known.end()) known.emplace_back(rule->text);
            }
        }
    }
    fmt::print("\n## {}\n\n| rule | what it says |\n|---|---|\n", title);
    for (const auto& [name, all] : texts)
        fmt::print("| {} | {} |\n", name, fmt::join(all, "; of other keys: "));
}

void print_page() {
    fmt::print(
        "# Attribute keys {{#keys}}\n\n"
        "This page is made from the tables that the library works with.\n\n"
        "* *Value*: the type of an element; [1..n] is an array of so many.\n"
        "* *Direction*: a key that is *in* can be set, one that is *out* can be read from a reconciled list.\n"
        "* *Must be set*: in one list at least of those that are reconciled; of NvSciSync in every list.\n"
        "* *Legal*: values that can be asked, or of a key that is out alone, that can come.\n"
        "* *Default*: what the result has where nobody sets the key; arrays as those of one plane or dimension. Keys\n"
        "  without one are absent then, or follow from others.\n"
        "* *Merge*: how the values of several lists become one. A key without a rule is computed.\n"
        "* *Check*: when a result satisfies a list; without a rule it is not looked at.\n");
    print_table(buf::schema(), find<NvSciBuf>(buffers()));
    print_table(sync::schema(), find<NvSciSync>(timelines()));
    print_rules("Merge rules", &Key::merge);
    print_rules("Check rules", &Key::check);
}

}  // namespace
}  // namespace opennvsci

int main() {
    opennvsciPrintRefusals(false);
    opennvsci::print_page();
    return std::fflush(stdout) == 0 ? 0 : 1;
}
