// SPDX-License-Identifier: Apache-2.0
#include "role.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "ipc/watch.h"
#include "opennvsci.h"
#include "process.h"
#include "sync/shared_page.h"

namespace opennvsci::test {
namespace {

constexpr unsigned kCudaIllegalState = 401;  // CUDA_ERROR_ILLEGAL_STATE

std::map<std::string, Role::Function>& roles() {
    static std::map<std::string, Role::Function> all;
    return all;
}

}  // namespace

Arguments::Arguments(int count, char** words) {
    for (int i = 0; i < count; ++i) {
        const std::string word = words[i];
        const std::size_t at = word.find('=');
        if (at != std::string::npos) values_[word.substr(0, at)] = word.substr(at + 1);
    }
}

std::string Arguments::text(const std::string& name, const std::string& otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
}

long Arguments::number(const std::string& name, long otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : std::strtol(found->second.c_str(), nullptr, 10);
}

Role::Role(const char* name, Function function) {
    roles()[name] = function;
}

int Role::run(int count, char** words) {
    const Arguments arguments(count, words);
    const std::string name = arguments.text("role");
    if (name.empty()) return -1;
    const auto found = roles().find(name);
    if (found == roles().end()) {
        std::fprintf(stderr, "no role is called %s\n", name.c_str());
        return EXIT_FAILURE;
    }
    // A process that hangs ends by SIGALRM, which is no end of any test.
    alarm(static_cast<unsigned>(arguments.number("longest", kLongestRoleSeconds)));
    if (const long limit = arguments.number("descriptors")) {
        const rlimit limits{static_cast<rlim_t>(limit), static_cast<rlim_t>(limit)};
        setrlimit(RLIMIT_NOFILE, &limits);
    }
    Steps::instance().begin(arguments.number("kill_at"));
    try {
        found->second(arguments);
    } catch (const std::exception& exception) {
        std::fprintf(stderr, "%s, step %ld, %s: %s\n", name.c_str(), Steps::instance().count(),
                     Steps::instance().last_call(), exception.what());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

Steps& Steps::instance() {
    static Steps steps;
    return steps;
}

void Steps::next(const char* call) {
    last_call_ = call;
    const long count = ++count_;
    if (count == kill_at_) ::kill(::getpid(), SIGKILL);
    if (at_each_) at_each_(count);
}

void require(NvSciError code, const char* call) {
    if (code == NvSciError_Success) return;
    char number[16];
    std::snprintf(number, sizeof(number), "0x%X", static_cast<unsigned>(code));
    throw Failure(std::string(call) + " gave " + number + ": " + opennvsciGetLastErrorText(), code);
}

void require(unsigned cuda_result, const char* call) {
    if (cuda_result == 0) return;
    const std::string text = opennvsciGetLastErrorText();
    // A wait for a signaler that is gone is refused, and the text names it.
    const bool is_loss = cuda_result == kCudaIllegalState && text.find("is gone") != std::string::npos;
    throw Failure(std::string(call) + " gave CUDA " + std::to_string(cuda_result) + ": " + text,
                  is_loss ? NvSciError_ResourceError : NvSciError_Success);
}

void require_that(bool holds, const std::string& what) {
    if (!holds) throw Failure(what);
}

Holdings Holdings::now() {
    // What the library takes down on threads of its own.
    sync::SharedPage::wait_for_ended();
    ipc::Watch::wait_for_end();
    Holdings held;
    held.descriptors = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("/memfd:") != std::string::npos || line.find("/dev/shm") != std::string::npos) ++held.mappings;
    }
    return held;
}

std::string Holdings::text() const {
    return std::to_string(descriptors) + " descriptors, " + std::to_string(mappings) + " mappings";
}

std::string describe_holdings() {
    std::string text;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ignored;
        text +=
            entry.path().filename().string() + " -> " + std::filesystem::read_symlink(entry, ignored).string() + "\n";
    }
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("/memfd:") != std::string::npos) text += line + "\n";
    }
    return text;
}

}  // namespace opennvsci::test
