// SPDX-License-Identifier: Apache-2.0
//
// Text: words for people that go with a decision. Most are literals, which cost nothing to keep; the others own a
// string.
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace opennvsci::attr {

class Text {
  public:
    Text() = default;
    // NOLINTBEGIN(google-explicit-constructor): stands for the words
    /// `literal` must be of static storage.
    Text(const char* literal) noexcept : literal_(literal) {}
    Text(std::string words) : owned_(std::make_unique<const std::string>(std::move(words))) {}
    // NOLINTEND(google-explicit-constructor)
    Text(const Text& other)
        : literal_(other.literal_),
          owned_(other.owned_ != nullptr ? std::make_unique<const std::string>(*other.owned_) : nullptr) {}
    Text(Text&& other) noexcept = default;
    Text& operator=(Text other) noexcept {
        std::swap(literal_, other.literal_);
        owned_.swap(other.owned_);
        return *this;
    }
    ~Text() = default;

    [[nodiscard]] bool empty() const noexcept { return *c_str() == '\0'; }
    [[nodiscard]] const char* c_str() const noexcept { return owned_ != nullptr ? owned_->c_str() : literal_; }

  private:
    const char* literal_ = "";
    std::unique_ptr<const std::string> owned_;
};

}  // namespace opennvsci::attr
