// SPDX-License-Identifier: Apache-2.0
//
// Text: words for people that go with a decision. Most are literals, which cost nothing to keep; the others own a
// string. A fact that some participants brought about says how to find them, and words_of() (attr/report.h) names them
// when somebody reads it: a reconciliation that succeeds makes no words.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace opennvsci::attr {

class Text {
  public:
    /// Who brought a fact about.
    enum class Owners : std::uint8_t {
        none,     ///< nobody, or the words say it
        asking,   ///< who asks for the key; of a truth value, for true
        lacking,  ///< who does not
        peers,    ///< who is of another process
    };

    Text() = default;
    // NOLINTBEGIN(google-explicit-constructor): stands for the words
    /// `literal` must be of static storage.
    Text(const char* literal) noexcept : literal_(literal) {}
    /// The same, brought about by `owners`, as to the key `key`.
    Text(const char* literal, Owners owners, std::uint32_t key = 0) noexcept
        : literal_(literal), key_(key), owners_(owners) {}
    Text(std::string words) : owned_(std::make_unique<const std::string>(std::move(words))) {}
    // NOLINTEND(google-explicit-constructor)
    Text(const Text& other)
        : literal_(other.literal_),
          key_(other.key_),
          owners_(other.owners_),
          owned_(other.owned_ != nullptr ? std::make_unique<const std::string>(*other.owned_) : nullptr) {}
    Text(Text&& other) noexcept = default;
    Text& operator=(Text other) noexcept {
        std::swap(literal_, other.literal_);
        std::swap(key_, other.key_);
        std::swap(owners_, other.owners_);
        owned_.swap(other.owned_);
        return *this;
    }
    ~Text() = default;

    [[nodiscard]] bool empty() const noexcept { return *c_str() == '\0'; }
    /// The words alone.
    [[nodiscard]] const char* c_str() const noexcept { return owned_ != nullptr ? owned_->c_str() : literal_; }

    [[nodiscard]] Owners owners() const noexcept { return owners_; }
    [[nodiscard]] std::uint32_t key() const noexcept { return key_; }

  private:
    const char* literal_ = "";
    std::uint32_t key_ = 0;
    Owners owners_ = Owners::none;
    std::unique_ptr<const std::string> owned_;
};

}  // namespace opennvsci::attr
