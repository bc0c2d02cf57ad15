// SPDX-License-Identifier: MIT
//
// SharedList: a list whose copies share their elements until one of them is changed. A commit that
// adds a row to a table of 10,000 files copies a pointer, not 10,000 of them.
//
// Threads:  as std::vector; different copies are independent.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace duckpond {

template <class T>
class SharedList {
 public:
  SharedList() = default;
  SharedList(std::vector<T> items)  // NOLINT(*-explicit-*)
      : items_(std::make_shared<std::vector<T>>(std::move(items))) {}

  const std::vector<T>& items() const {
    static const std::vector<T> kNone;
    return items_ ? *items_ : kNone;
  }
  auto begin() const { return items().begin(); }
  auto end() const { return items().end(); }
  size_t size() const { return items().size(); }
  bool empty() const { return items().empty(); }
  const T& operator[](size_t i) const { return items()[i]; }
  const T& back() const { return items().back(); }

  SharedList(const SharedList& other) : items_(other.items_) {}
  SharedList& operator=(const SharedList& other) {
    items_ = other.items_;
    own_ = false;
    return *this;
  }
  SharedList(SharedList&&) noexcept = default;
  SharedList& operator=(SharedList&&) noexcept = default;
  ~SharedList() = default;

  // The items to be changed: copied first if another list has them too, or had them when this one
  // was copied (its owner may have read them on another thread just now).
  std::vector<T>& Mutable() {
    if (!items_) {
      items_ = std::make_shared<std::vector<T>>();
    } else if (!own_ || items_.use_count() > 1) {
      items_ = std::make_shared<std::vector<T>>(*items_);
    }
    own_ = true;
    return *items_;
  }

 private:
  std::shared_ptr<std::vector<T>> items_;
  bool own_ = false;
};

// Adds files or inline rows to a list of them in the order of their first row ids.
template <class T>
void InsertByRowId(SharedList<T>& list, T item) {
  std::vector<T>& items = list.Mutable();
  // Nearly always the new one comes last.
  if (items.empty() || items.back()->first_row_id <= item->first_row_id) {
    items.push_back(std::move(item));
    return;
  }
  const auto after = std::ranges::upper_bound(items, item->first_row_id, {},
                                              [](const T& other) { return other->first_row_id; });
  items.insert(after, std::move(item));
}

}  // namespace duckpond
