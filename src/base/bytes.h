// SPDX-License-Identifier: MIT
//
// Bytes: an immutable buffer that many hold at once: a request's body is not copied when it is
// retried, nor an object's content when two readers share it.
//
// Threads:  a value; the buffer behind it is never written.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace duckpond {

class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::string content)
      : content_(std::make_shared<const std::string>(std::move(content))) {}

  std::string_view view() const {
    return content_ ? std::string_view(*content_) : std::string_view();
  }
  size_t size() const { return view().size(); }
  bool empty() const { return size() == 0; }

 private:
  std::shared_ptr<const std::string> content_;
};

}  // namespace duckpond
