// SPDX-License-Identifier: Apache-2.0
//
// Role: what a process of a test does. The test program starts itself anew with the name of a role, before it has used
// the libraries or CUDA; the role ends well by returning, and badly by an exception, whose text goes to the test. Every
// call that a role makes of the libraries is a step with a number, so that a test can end the process at any of them.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "nvscierror.h"

namespace opennvsci::test {

/// The words of the command line of a role, NAME=VALUE.
class Arguments {
  public:
    Arguments(int count, char** words);
    /// The value; `otherwise` if the name is not there.
    [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise = {}) const;
    [[nodiscard]] long number(const std::string& name, long otherwise = 0) const;

  private:
    std::map<std::string, std::string> values_;
};

/// Registers a role: one variable of it for each, at namespace scope.
class Role {
  public:
    using Function = void (*)(const Arguments&);
    Role(const char* name, Function function);
    /// Runs the role that the command line names; the exit status of the process. Negative if it names none.
    static int run(int count, char** words);
};

/// The calls of this process, counted.
class Steps {
  public:
    static Steps& instance();
    /// Counts from now on, from 1. The process is killed before step `kill_at`, if that is not 0.
    void begin(long kill_at) {
        count_ = 0;
        kill_at_ = kill_at;
    }
    /// Called before every step.
    void at_each(std::function<void(long)> what) { at_each_ = std::move(what); }
    void next(const char* call);
    [[nodiscard]] long count() const noexcept { return count_; }
    /// The call that began last.
    [[nodiscard]] const char* last_call() const noexcept { return last_call_; }

  private:
    // Some roles have threads.
    std::atomic<long> count_ = 0;
    long kill_at_ = 0;
    std::atomic<const char*> last_call_ = "none";
    std::function<void(long)> at_each_;
};

/// What ends a role, or one round of it.
class Failure : public std::runtime_error {
  public:
    explicit Failure(const std::string& text, NvSciError code = NvSciError_Success)
        : std::runtime_error(text), code_(code) {}
    /// What the call that failed gave; Success if it was not a call.
    [[nodiscard]] NvSciError code() const noexcept { return code_; }

  private:
    NvSciError code_;
};

/// The peer has reset the channel: it was started anew.
class PeerIsNew : public Failure {
  public:
    PeerIsNew() : Failure("the peer has reset the channel", NvSciError_ConnectionReset) {}
};

/// Throws a Failure with the name of the call and the library's last error unless the code is Success.
void require(NvSciError code, const char* call);
void require(unsigned cuda_result, const char* call);
/// Throws a Failure unless it holds.
void require_that(bool holds, const std::string& what);

/// Descriptors and mappings of files of this process, counted: what may not become more.
struct Holdings {
    long descriptors = 0;
    long mappings = 0;
    [[nodiscard]] static Holdings now();
    [[nodiscard]] std::string text() const;
    friend bool operator==(const Holdings&, const Holdings&) = default;
};
/// All open descriptors with what they are, and all mapped files: for the text of a failure.
[[nodiscard]] std::string describe_holdings();

}  // namespace opennvsci::test

/// A call of the libraries as a step: CALL gives what it gives, MUST throws a Failure unless it succeeds.
#define CALL(expression) (::opennvsci::test::Steps::instance().next(#expression), (expression))
#define MUST(expression) ::opennvsci::test::require(CALL(expression), #expression)
