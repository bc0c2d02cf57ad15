// SPDX-License-Identifier: MIT
#include "store/object_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/notice.h"

namespace duckpond {
namespace {

// The bytes of the UTF-8 sequence that starts `text`, or 0 if none does. Overlong forms, surrogates
// and values past U+10FFFF are none.
size_t SequenceLength(std::string_view text) {
  DCHECK(!text.empty());
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return length;
}

bool IsPrintableUtf8(std::string_view text) {
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x20 || first == 0x7F) return false;
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// What is wrong with `segment`, or nothing.
std::string_view SegmentFault(std::string_view segment) {
  if (segment.empty()) return "it has an empty segment";
  if (segment == "." || segment == "..") return "it has a \".\" or \"..\" segment";
  return {};
}

Status BadKey(std::string_view key, std::string_view why) {
  // Hexadecimal, because what is wrong may be that it cannot be printed.
  if (!IsPrintableUtf8(key)) {
    return Status::Invalid(
        fmt::format("the key with bytes {} is not allowed: {}", HexEncode(key.substr(0, 64)), why));
  }
  return Status::Invalid(
      fmt::format("the key \"{}\" is not allowed: {}", key.substr(0, kKeyBytesMax), why));
}

}  // namespace

bool IsWrittenOnce(std::string_view key) {
  return key.starts_with("data/") || key.starts_with("log/");
}

std::string_view CacheControlOf(std::string_view key) {
  // A cache that is to answer with an older log has to be told so by whoever runs it.
  return IsWrittenOnce(key) ? "public, max-age=31536000, immutable" : "no-cache";
}

void NoteMended(const ObjectStore& store, const std::string& key) {
  Notice(
      fmt::format("{} came damaged, from a CDN, a cache or what else is on the way; it was read "
                  "again, whole, from {}",
                  key, store.url()));
}

Status CheckKey(std::string_view key) {
  RETURN_IF_ERROR(CheckPrefix(key));
  for (std::string_view rest = key;;) {
    const size_t slash = rest.find('/');
    const std::string_view fault = SegmentFault(rest.substr(0, slash));
    if (!fault.empty()) return BadKey(key, fault);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (key.substr(0, key.find('/')) == kReservedFolder) {
    return BadKey(key, "\".duckpond\" is kept for the store itself");
  }
  return Status::Ok();
}

Status CheckPrefix(std::string_view prefix) {
  if (prefix.size() > kKeyBytesMax) {
    return BadKey(prefix.substr(0, 64),
                  fmt::format("it goes on to {} bytes, more than the {} of a key", prefix.size(),
                              kKeyBytesMax));
  }
  if (!IsPrintableUtf8(prefix)) return BadKey(prefix, "it is not UTF-8, or has control characters");
  return Status::Ok();
}

Status CheckGet(const GetOptions& options) {
  if (!options.range || !options.range->length) return Status::Ok();
  if (*options.range->length == 0) return Status::Invalid("a range of no bytes was asked for");
  if (options.range->offset + *options.range->length < options.range->offset) {
    return Status::Invalid(fmt::format("the range of {} bytes at {} does not end",
                                       *options.range->length, options.range->offset));
  }
  return Status::Ok();
}

ObjectTag ContentTag(std::string_view content) { return {HexEncode(Xxh3_128(content))}; }
ObjectTag ContentTagger::Tag() const { return {HexEncode(hash_.Hash())}; }

Result<ReplyPart> PartOf(uint64_t size, const GetOptions& options) {
  DCHECK(CheckGet(options).ok());
  ReplyPart part{.length = size};
  if (options.range) {
    if (options.range->offset >= size) return ReplyPart{.past_end = true};
    part.offset = options.range->offset;
    part.length = std::min(options.range->length.value_or(size), size - part.offset);
    CHECK(part.length > 0 && part.length <= size - part.offset);
  }
  if (part.length > options.bytes_max) {
    return Status::Exhausted(fmt::format("the reply has {} bytes, more than the {} allowed",
                                         part.length, options.bytes_max));
  }
  return part;
}

Result<GetReply> AnswerGet(const Bytes& content, const ObjectTag& tag, const GetOptions& options) {
  GetReply reply;
  reply.tag = tag;
  reply.object_size = content.size();
  if (options.if_none_match == tag) {
    reply.state = GetReply::State::kUnchanged;
    return reply;
  }
  ASSIGN_OR_RETURN(const ReplyPart part, PartOf(content.size(), options));
  if (part.past_end) {
    reply.state = GetReply::State::kPastEnd;
    return reply;
  }
  reply.state = GetReply::State::kFound;
  const bool whole = part.length == content.size();
  reply.bytes =
      whole ? content : Bytes(std::string(content.view().substr(part.offset, part.length)));
  CHECK(reply.bytes.size() == part.length);
  return reply;
}

}  // namespace duckpond
