// SPDX-License-Identifier: Apache-2.0
//
// What goes over a link beside a blob, changed by a peer: the descriptors and the content of a parcel. The message is
// taken off the importer's socket before its library sees it, changed, and sent once more. So everything but the change
// is what a peer sends. What is imported is used to its last byte: memory that is smaller than it says, or that the
// peer can make smaller, ends the test by SIGBUS.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <ios>

#include "api/handles.h"
#include "blobs.h"
#include "ipc/messages.h"
#include "leak_check.h"
#include "opennvsci.h"

namespace opennvsci::test {
namespace {

std::shared_ptr<ipc::Link> link_of(NvSciIpcEndpoint handle) {
    const auto endpoint = api::endpoints().acquire(handle);
    EXPECT_TRUE(endpoint);
    auto link = (*endpoint)->link();
    EXPECT_TRUE(link) << link.error().text;
    return *link;
}

UniqueFd memory_file(std::uint64_t size, int seals) {
    UniqueFd file(::memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
    if (seals != 0) {
        EXPECT_EQ(::fcntl(file.get(), F_ADD_SEALS, seals), 0);
    }
    return file;
}

UniqueFd plain_file(std::uint64_t size) {
    std::string name = "/tmp/opennvsci-hostile-XXXXXX";
    UniqueFd file(::mkostemp(name.data(), O_CLOEXEC));
    EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
    ::unlink(name.c_str());
    return file;
}

// Opened as `real` is: what is refused is refused for what the file is.
UniqueFd opened_as(const UniqueFd& real, UniqueFd file) {
    if ((::fcntl(real.get(), F_GETFL) & O_ACCMODE) != O_RDONLY) return file;
    return UniqueFd(::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_RDONLY | O_CLOEXEC));
}

class Parcels : public ::testing::TestWithParam<Blobs::Kind> {
  protected:
    using Change = std::function<void(ipc::Parcel&)>;

    Parcels() : exporter_(link_of(blobs_.channel().exporter())), importer_(link_of(blobs_.channel().importer())) {}

    // A blob whose parcel was changed on its way.
    Bytes forge(const Change& change) {
        const Bytes blob = blobs_.make(GetParam());
        ipc::message::ParcelHead head{};
        ipc::Parcel parcel = intercept(head);
        change(parcel);
        head.content_size = static_cast<std::uint32_t>(parcel.content.size());
        head.file_count = static_cast<std::uint32_t>(parcel.files.size());
        forward(head, parcel);
        return blob;
    }

    [[nodiscard]] ipc::Parcel intercept(ipc::message::ParcelHead& head) const {
        for (;;) {
            std::array<std::byte, ipc::message::kMostBytes> bytes{};
            alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(ipc::Link::kMostFiles * sizeof(int))> control{};
            iovec part{bytes.data(), bytes.size()};
            msghdr message{};
            message.msg_iov = &part;
            message.msg_iovlen = 1;
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            const ssize_t count = ::recvmsg(importer_->watch_descriptor(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
            if (count < 0) {
                ADD_FAILURE() << GetParam().name << " came without a parcel";
                return {};
            }
            ipc::Parcel parcel;
            if (const cmsghdr* const first = CMSG_FIRSTHDR(&message); first != nullptr) {
                for (std::size_t at = 0; at + sizeof(int) <= first->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
                    int file = -1;
                    std::memcpy(&file, CMSG_DATA(first) + at, sizeof(file));
                    parcel.files.emplace_back(file);
                }
            }
            if (count < static_cast<ssize_t>(sizeof(head))) continue;  // a knock
            std::memcpy(static_cast<void*>(&head), bytes.data(), sizeof(head));
            parcel.content.assign(bytes.begin() + sizeof(head), bytes.begin() + count);
            return parcel;
        }
    }

    void forward(const ipc::message::ParcelHead& head, const ipc::Parcel& parcel) const {
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(ipc::Link::kMostFiles * sizeof(int))> control{};
        std::array<iovec, 2> parts{iovec{const_cast<ipc::message::ParcelHead*>(&head), sizeof(head)},
                                   iovec{const_cast<std::byte*>(parcel.content.data()), parcel.content.size()}};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        if (!parcel.files.empty()) {
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(parcel.files.size() * sizeof(int));
            cmsghdr* const first = CMSG_FIRSTHDR(&message);
            first->cmsg_level = SOL_SOCKET;
            first->cmsg_type = SCM_RIGHTS;
            first->cmsg_len = CMSG_LEN(parcel.files.size() * sizeof(int));
            for (std::size_t i = 0; i < parcel.files.size(); ++i) {
                const int file = parcel.files[i].get();
                std::memcpy(CMSG_DATA(first) + i * sizeof(int), &file, sizeof(file));
            }
        }
        EXPECT_GE(::sendmsg(exporter_->watch_descriptor(), &message, MSG_DONTWAIT | MSG_NOSIGNAL), 0);
    }

    Imported take_forged(const Change& change) { return blobs_.take(GetParam(), forge(change)); }

    // Refused with a code and a text, or harmless.
    void expect_no_harm(const std::string& what, const Change& change) {
        const Imported imported = take_forged(change);
        EXPECT_EQ(imported.harm, "") << what;
        if (imported.code == kSuccess) return;
        EXPECT_STRNE(opennvsciGetLastErrorText(), "") << what;
        EXPECT_TRUE(imported.code == kBadParameter || imported.code == NvSciError_Overflow ||
                    imported.code == NvSciError_AccessDenied || imported.code == kNotSupported ||
                    imported.code == kAttrListValidationFailed)
            << what << ": 0x" << std::hex << imported.code;
    }
    void expect_refused(const std::string& what, const Change& change) {
        const Imported imported = take_forged(change);
        EXPECT_NE(imported.code, kSuccess) << what << " was taken";
        EXPECT_EQ(imported.harm, "") << what;
        EXPECT_STRNE(opennvsciGetLastErrorText(), "") << what;
    }

    static std::uint64_t size_of(const UniqueFd& file) {
        struct stat status {};
        EXPECT_EQ(::fstat(file.get(), &status), 0);
        return static_cast<std::uint64_t>(status.st_size);
    }
    static Change with_file(std::function<UniqueFd(const UniqueFd& real)> make) {
        return [make = std::move(make)](ipc::Parcel& parcel) {
            ASSERT_FALSE(parcel.files.empty());
            UniqueFd made = make(parcel.files.front());
            struct stat status {};
            if (::fstat(made.get(), &status) == 0 && S_ISREG(status.st_mode))
                made = opened_as(parcel.files.front(), std::move(made));
            ASSERT_TRUE(made);
            parcel.files.front() = std::move(made);
        };
    }

    Blobs blobs_;
    const std::shared_ptr<ipc::Link> exporter_;
    const std::shared_ptr<ipc::Link> importer_;
};

constexpr int kSealed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

TEST_P(Parcels, UnchangedAreTaken) {
    EXPECT_EQ(take_forged([](ipc::Parcel&) {}).code, kSuccess) << opennvsciGetLastErrorText();
}

TEST_P(Parcels, WithoutAllTheirDescriptorsAreRefused) {
    expect_refused("no descriptor", [](ipc::Parcel& parcel) { parcel.files.clear(); });
    expect_refused("one less", [](ipc::Parcel& parcel) { parcel.files.pop_back(); });
    expect_refused("one more", [](ipc::Parcel& parcel) { parcel.files.push_back(memory_file(4096, kSealed)); });
    expect_refused("eight", [](ipc::Parcel& parcel) {
        while (parcel.files.size() < ipc::Link::kMostFiles)
            parcel.files.push_back(memory_file(4096, kSealed));
    });
}

TEST_P(Parcels, WithDescriptorsOfAnotherKindAreRefused) {
    const std::pair<const char*, std::function<UniqueFd(const UniqueFd&)>> kinds[] = {
        {"/dev/null", [](const UniqueFd&) { return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)); }},
        {"/dev/zero", [](const UniqueFd&) { return UniqueFd(::open("/dev/zero", O_RDWR | O_CLOEXEC)); }},
        {"a folder", [](const UniqueFd&) { return UniqueFd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }},
        {"an event", [](const UniqueFd&) { return UniqueFd(::eventfd(0, EFD_CLOEXEC)); }},
        {"a name only", [](const UniqueFd&) { return UniqueFd(::open("/", O_PATH | O_CLOEXEC)); }},
        {"a file of the disk", [](const UniqueFd& real) { return plain_file(size_of(real)); }},
        {"memory that is not sealed", [](const UniqueFd& real) { return memory_file(size_of(real), 0); }},
        {"memory that can shrink",
         [](const UniqueFd& real) { return memory_file(size_of(real), F_SEAL_GROW | F_SEAL_SEAL); }},
        {"smaller memory", [](const UniqueFd& real) { return memory_file(size_of(real) - 1, kSealed); }},
        {"no memory", [](const UniqueFd&) { return memory_file(0, kSealed); }},
        {"greater memory", [](const UniqueFd& real) { return memory_file(size_of(real) + 4096, kSealed); }},
    };
    for (const auto& [name, make] : kinds)
        expect_refused(name, with_file(make));
}

// Memory that is what it should be, but is another one, may be taken: it is the peer's.
TEST_P(Parcels, WithMemoryOfAnotherObjectDoNoHarm) {
    expect_no_harm("other memory", with_file([](const UniqueFd& real) { return memory_file(size_of(real), kSealed); }));
    expect_no_harm("memory that nobody can write",
                   with_file([](const UniqueFd& real) { return memory_file(size_of(real), F_SEAL_WRITE | kSealed); }));
    expect_no_harm("memory that nobody can write from now on", with_file([](const UniqueFd& real) {
                       return memory_file(size_of(real), F_SEAL_FUTURE_WRITE | kSealed);
                   }));
}

TEST_P(Parcels, WithChangedContentAreRefusedOrDoNoHarm) {
    std::size_t size = 0;
    ASSERT_EQ(take_forged([&](ipc::Parcel& parcel) { size = parcel.content.size(); }).code, kSuccess);
    for (std::size_t length = 0; length < size && !HasFailure(); ++length)
        expect_refused("cut after " + std::to_string(length),
                       [&](ipc::Parcel& parcel) { parcel.content.resize(length); });
    for (const std::size_t more : {1U, 8U, 100U})
        expect_refused("longer", [&](ipc::Parcel& parcel) { parcel.content.resize(size + more); });
    std::size_t taken = 0;
    for (std::size_t at = 0; at < size && !HasFailure(); ++at) {
        for (const int change : {0x01, 0x80, 0xFF}) {
            const Imported imported =
                take_forged([&](ipc::Parcel& parcel) { parcel.content[at] ^= static_cast<std::byte>(change); });
            EXPECT_EQ(imported.harm, "") << "byte " << at << " changed by " << change;
            if (imported.code == kSuccess) ++taken;
        }
    }
    std::printf("%s: %zu of %zu changes of the content were taken and did no harm\n", GetParam().name, taken, 3 * size);
    constexpr std::uint64_t kNumbers[] = {0, 1, 0x7FFFFFFF, 0xFFFFFFFF, ~0ULL, 1ULL << 63};
    for (std::size_t at = 0; at + 8 <= size && !HasFailure(); at += 4) {
        for (const std::uint64_t number : kNumbers) {
            expect_no_harm(std::to_string(number) + " at " + std::to_string(at), [&](ipc::Parcel& parcel) {
                std::memcpy(parcel.content.data() + at, &number, sizeof(number));
            });
        }
    }
}

TEST_P(Parcels, ThatAreRefusedLeaveNothingBehind) {
    (void)take_forged([](ipc::Parcel&) {});
    const LeakCheck leaks;
    for (int i = 0; i < 50; ++i) {
        expect_refused("no descriptor", [](ipc::Parcel& parcel) { parcel.files.clear(); });
        expect_refused("/dev/null",
                       with_file([](const UniqueFd&) { return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)); }));
    }
    EXPECT_EQ(leaks.differences(), "");
}

std::vector<Blobs::Kind> kinds_with_parcels() {
    std::vector<Blobs::Kind> kinds;
    for (const Blobs::Kind& kind : Blobs::kinds()) {
        if (kind.is_once) kinds.push_back(kind);
    }
    return kinds;
}

INSTANTIATE_TEST_SUITE_P(Of, Parcels, ::testing::ValuesIn(kinds_with_parcels()),
                         [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace opennvsci::test
