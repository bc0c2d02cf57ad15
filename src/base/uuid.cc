// SPDX-License-Identifier: MIT
#include "base/uuid.h"

#include <cstring>
#include <string_view>

#include "base/check.h"

namespace duckpond {
namespace {

constexpr uint32_t kCounterMax = 0xfff;
constexpr size_t kTextSize = 36;
static_assert(sizeof(Uuid) == 16);  // Copied as such into formats and DuckDB's vectors.

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool IsDashAt(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Uuid::ToString() const {
  std::string text(kTextSize, '-');
  size_t at = 0;
  for (const uint8_t byte : bytes) {
    if (IsDashAt(at)) ++at;
    text[at++] = kHexDigits[byte >> 4];
    text[at++] = kHexDigits[byte & 15];
  }
  DCHECK(at == kTextSize);
  return text;
}

Result<Uuid> Uuid::Parse(std::string_view text) {
  const auto bad = [text] {
    return Status::Invalid("\"" + std::string(text.substr(0, 64)) +
                           "\" is no UUID: expected 8-4-4-4-12 hexadecimal digits");
  };
  if (text.size() != kTextSize) return bad();
  Uuid id;
  size_t at = 0;
  for (uint8_t& byte : id.bytes) {
    if (IsDashAt(at)) {
      if (text[at] != '-') return bad();
      ++at;
    }
    const int high = HexValue(text[at]);
    const int low = HexValue(text[at + 1]);
    if (high < 0 || low < 0) return bad();
    byte = static_cast<uint8_t>(high << 4 | low);
    at += 2;
  }
  DCHECK(at == kTextSize);
  return id;
}

// The first 48 bits, big-endian (RFC 9562 section 5.7).
int64_t Uuid::time_ms() const {
  DCHECK(bytes[6] >> 4 == 7);
  int64_t ms = 0;
  for (int i = 0; i < 6; ++i) ms = (ms << 8) | bytes[static_cast<size_t>(i)];
  return ms;
}

Uuid UuidSource::Next() {
  std::lock_guard lock(mutex_);
  const auto now_ms = static_cast<uint64_t>(clock_.NowUs() / 1000);
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    // In the lower half, so that what the same millisecond still brings has room to count up.
    counter_ = static_cast<uint32_t>(random_.Below(kCounterMax / 2));
  } else if (++counter_ > kCounterMax) {
    ++last_ms_;
    counter_ = 0;
  }
  CHECK(counter_ <= kCounterMax);  // More would run into the version's bits.
  // 48 bits of time, 4 of version, 12 of counter; then 2 of variant and 62 that are random.
  const uint64_t high = (last_ms_ << 16) | 0x7000 | counter_;
  const uint64_t low = (random_.Next() >> 2) | (uint64_t{1} << 63);
  Uuid id;
  for (size_t i = 0; i < 8; ++i) {
    id.bytes[i] = static_cast<uint8_t>(high >> (56 - 8 * i));
    id.bytes[8 + i] = static_cast<uint8_t>(low >> (56 - 8 * i));
  }
  return id;
}

}  // namespace duckpond

size_t std::hash<duckpond::Uuid>::operator()(const duckpond::Uuid& id) const noexcept {
  // The last eight bytes are random in versions 4 and 7.
  uint64_t low = 0;
  std::memcpy(&low, id.bytes.data() + 8, sizeof(low));
  return low;
}
