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
      : content_(std::make_shared<const std::string>(std::move(content))),
        length_(content_->size()) {}

  std::string_view view() const {
    return content_ ? std::string_view(*content_).substr(offset_, length_) : std::string_view();
  }
  size_t size() const { return view().size(); }
  bool empty() const { return size() == 0; }

  // A part, which keeps all of the buffer alive. REQUIRES: it is inside.
  Bytes Slice(size_t offset, size_t length) const {
    Bytes part = *this;
    part.offset_ += offset;
    part.length_ = length;
    return part;
  }

 private:
  std::shared_ptr<const std::string> content_;
  size_t offset_ = 0;
  size_t length_ = 0;
};

}  // namespace duckpond
