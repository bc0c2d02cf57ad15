// SPDX-License-Identifier: MIT
#include "log/log_object.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/hash.h"
#include "log/limits.h"
#include "log/lines.h"
#include "tests/support/log_records.h"

namespace duckpond {
namespace {

BaseRecord WrittenBase() {
  BaseRecord base = Base();
  base.writer = "test";
  base.proof = "proof";
  return base;
}

CommitRecord Record(Version version) {
  CommitRecord record;
  record.version = version;
  record.transaction = Id(static_cast<uint8_t>(10 + version));
  record.time_us = 1000 + static_cast<int64_t>(version);
  record.writer = "test";
  record.author = "Ann \"A\" Author";
  record.message = "two\nlines";
  record.idempotency_key = "key";
  record.events = {{Id(90), "put", R"({"key":"a","value":"}\",{"})", false},
                   {Id(91), "note", R"({"text":{"ignorable":true}})", true}};
  return record;
}

// A log of three commits.
std::string SmallLog() {
  std::string log = EncodeLogStart(WrittenBase(), "");
  Hash prev = WrittenBase().chain;
  for (Version version = 1; version <= 3; ++version) {
    const std::string frame = EncodeCommit(Record(version), prev);
    prev = Xxh3_128(frame);
    log += frame;
  }
  return log;
}

TEST(LogObjectTest, ReadsBackWhatWasWritten) {
  const auto log = DecodeLog(SmallLog(), "pond.log");
  ASSERT_TRUE(log.ok()) << log.error().ToString();
  EXPECT_EQ(log->base.pond, Id(2));
  EXPECT_EQ(log->base.proof, "proof");
  ASSERT_EQ(log->commits.commits.size(), 3u);
  const CommitRecord& read = log->commits.commits[1];
  const CommitRecord wrote = Record(2);
  EXPECT_EQ(read.version, 2u);
  EXPECT_EQ(read.transaction, wrote.transaction);
  EXPECT_EQ(read.time_us, wrote.time_us);
  EXPECT_EQ(read.author, wrote.author);
  EXPECT_EQ(read.message, wrote.message);
  EXPECT_EQ(read.idempotency_key, wrote.idempotency_key);
  ASSERT_EQ(read.events.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read.events[i].id, wrote.events[i].id);
    EXPECT_EQ(read.events[i].name, wrote.events[i].name);
    EXPECT_EQ(read.events[i].data, wrote.events[i].data);
    EXPECT_EQ(read.events[i].ignorable, wrote.events[i].ignorable);
  }
}

// The last frame is covered by zstd's checksum of its text alone, until another follows it. A few
// of its bits, of how it is compressed, may change without a change of the text.
TEST(LogObjectTest, EveryAlteredBitIsNoticedOrChangesNothing) {
  const std::string log = SmallLog();
  const auto whole = DecodeLog(log, "pond.log");
  ASSERT_TRUE(whole.ok());
  const FrameRef& last = whole->commits.frames.back();
  const auto text = DecompressFrame(std::string_view(log).substr(last.offset), Place{"x", 0}, 0);
  ASSERT_TRUE(text.ok());
  for (size_t i = 0; i < log.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string altered = log;
      altered[i] = static_cast<char>(altered[i] ^ (1 << bit));
      const auto read = DecodeLog(altered, "pond.log");
      if (read.ok()) {
        ASSERT_GE(i, last.offset);
        const std::string_view frame = std::string_view(altered).substr(last.offset);
        ASSERT_EQ(*DecompressFrame(frame, Place{"x", 0}, 0), *text);
      } else {
        ASSERT_EQ(read.error().message().find("pond.log"), 0u) << read.error().ToString();
      }
    }
  }
}

TEST(LogObjectTest, EveryTruncationButAtAFrameIsNoticed) {
  const std::string log = SmallLog();
  const auto whole = DecodeLog(log, "pond.log");
  ASSERT_TRUE(whole.ok());
  for (size_t size = 0; size < log.size(); ++size) {
    bool at_frame = size == whole->base_end;
    for (const FrameRef& frame : whole->commits.frames) at_frame |= size == frame.offset;
    const auto read = DecodeLog(log.substr(0, size), "pond.log");
    ASSERT_EQ(read.ok(), at_frame) << size;
    if (!read.ok()) {
      ASSERT_EQ(read.error().code(), StatusCode::kCorrupt) << size;
    }
  }
}

TEST(LogObjectTest, ForeignObjectIsNamedWithWhatWasFound) {
  const auto read = DecodeLog("<html><body>404 page not found, as served by a proxy", "pond.log");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), StatusCode::kCorrupt);
  EXPECT_EQ(read.error().message(),
            "pond.log at byte 0: expected the header of a duckpond log, found the bytes "
            "3c68746d6c3e3c626f64793e34303420");
}

TEST(LogObjectTest, NewerFormatIsUnsupportedBeforeAnythingElseIsRead) {
  std::string log = SmallLog().substr(0, kLogHeaderBytes);
  log[16] = 2;
  EXPECT_EQ(DecodeLog(log, "pond.log").error().code(), StatusCode::kUnsupported);
}

TEST(LogObjectTest, FrameOfAnotherLogBreaksTheChain) {
  std::string log = EncodeLogStart(WrittenBase(), "");
  const size_t at = log.size();
  log += EncodeCommit(Record(1), ChainStart(Id(77)));
  const auto read = DecodeLog(log, "pond.log");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), StatusCode::kCorrupt);
  EXPECT_NE(read.error().message().find(fmt::format("pond.log at byte {}", at)), std::string::npos)
      << read.error().message();
}

TEST(LogObjectTest, VersionsAreDenseAndTimesRise) {
  const std::string start = EncodeLogStart(WrittenBase(), "");
  const Hash chain = WrittenBase().chain;
  EXPECT_TRUE(DecodeLog(start + EncodeCommit(Record(1), chain), "x").ok());
  EXPECT_FALSE(DecodeLog(start + EncodeCommit(Record(2), chain), "x").ok());
  CommitRecord late = Record(1);
  late.time_us = WrittenBase().time_us;
  EXPECT_FALSE(DecodeLog(start + EncodeCommit(late, chain), "x").ok());
  // After the last time that there is, no other could follow.
  late.time_us = std::numeric_limits<int64_t>::max();
  EXPECT_FALSE(DecodeLog(start + EncodeCommit(late, chain), "x").ok());
}

TEST(LogObjectTest, BaseWithBrokenReferencesIsCorrupt) {
  BaseRecord base = WrittenBase();
  base.version = 5;
  base.segments = {{"log/a.log", 1, 3, 1, 2, 10, Hash(16, 'x')}};
  EXPECT_EQ(DecodeLog(EncodeLogStart(base, ""), "x").error().code(), StatusCode::kCorrupt);
  base.segments = {{"log/a.log", 1, 5, 1, 2, 10, Hash(16, 'x')}};
  EXPECT_TRUE(DecodeLog(EncodeLogStart(base, ""), "x").ok());
  base.segments[0].path = "log/../pond.json";
  EXPECT_EQ(DecodeLog(EncodeLogStart(base, ""), "x").error().code(), StatusCode::kCorrupt);
}

TEST(LogObjectTest, BoundsOfPartsMayBeMissingAndMustRise) {
  BaseRecord base = WrittenBase();
  base.parts = {{"log/a.part", 1, 1, Hash(16, 'x'), {}},
                {"log/b.part", 1, 1, Hash(16, 'x'), PartBounds{"main", "main\x01t"}}};
  const auto log = DecodeLog(EncodeLogStart(base, ""), "x");
  ASSERT_TRUE(log.ok()) << log.error().ToString();
  EXPECT_EQ(log->base.parts[0].bounds, std::nullopt);
  EXPECT_EQ(log->base.parts[1].bounds, base.parts[1].bounds);
  std::swap(base.parts[1].bounds->first, base.parts[1].bounds->last);
  EXPECT_EQ(DecodeLog(EncodeLogStart(base, ""), "x").error().code(), StatusCode::kCorrupt);
}

// Later writers may say more of a part: a reader leaves out what it does not know.
TEST(LogObjectTest, UnknownMembersOfReferencesAreLeftOut) {
  BaseRecord base = WrittenBase();
  base.parts = {{"log/a.part", 1, 1, Hash(16, 'x'), {}}};
  std::string text = *DecompressFrame(EncodeBase(base, ""), Place{"x", 0}, 0);
  const std::string_view member = "\"lines\":1";
  text.replace(text.find(member), member.size(),
               "\"lines\":1,\"keys\":{\"of\":[1,2]},\"more\":null");
  const auto read = DecodeBase(CompressFrame(text), Place{"x", 0});
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(read->record.parts.size(), 1u);
}

TEST(FrameTest, BombIsRefusedByItsHeader) {
  std::string frame = CompressFrame(std::string(1000, 'x'));
  // Frame header: magic, descriptor, then the content size; make it a four-byte size of 2 GiB.
  frame = frame.substr(0, 4) + std::string("\xa4\xff\xff\xff\x7f", 5) + frame.substr(7);
  const auto text = DecompressFrame(frame, Place{"x", 0}, 0);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code(), StatusCode::kExhausted) << text.error().ToString();
}

std::string Line(std::string_view data) {
  return "{\"id\":\"" + Id(1).ToString() + "\",\"event\":\"put\",\"data\":" + std::string(data) +
         "}\n";
}

TEST(LinesTest, OnlyTheExactShapeOfALineIsRead) {
  const auto decode = [](const std::string& text) {
    return DecodeLines(CompressFrame(text), Place{"x", 0});
  };
  const std::string id = Id(1).ToString();
  EXPECT_TRUE(decode(Line("{}")).ok());
  EXPECT_TRUE(decode(Line(R"({"a":[1,2,{"b":"\"}"}]})")).ok());
  const std::string wrong[] = {
      "",
      "\n",
      "{}\n",
      Line("{}").substr(0, Line("{}").size() - 1),
      Line("[]"),
      Line("1"),
      Line("{\"a\":}"),
      Line("{\"a\":\"\xff\"}"),
      Line("{}") + "\n",
      Line("{}},{"),
      Line("{},\"more\":1"),
      Line("{} "),
      Line(" {}"),
      Line("{}").substr(0, Line("{}").size() - 1) + " \n",
      Line("{},\"ignorable\":false"),
      "{\"event\":\"put\",\"id\":\"" + id + "\",\"data\":{}}\n",
      "{\"id\":\"" + id + "\",\"event\":\"Put\",\"data\":{}}\n",
      "{\"id\":\"" + id + "\",\"event\":\"\",\"data\":{}}\n",
      "{\"id\":\"not a uuid, though 36 bytes long....\",\"event\":\"put\",\"data\":{}}\n",
  };
  for (const std::string& text : wrong) {
    EXPECT_EQ(decode(text).status().code(), StatusCode::kCorrupt) << text;
  }
}

TEST(LinesTest, DepthOfDataIsLimited) {
  const auto nested = [](size_t depth) {
    return Line("{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}");
  };
  EXPECT_TRUE(DecodeLines(CompressFrame(nested(62)), Place{"x", 0}).ok());
  EXPECT_FALSE(DecodeLines(CompressFrame(nested(64)), Place{"x", 0}).ok());
  EXPECT_FALSE(DecodeLines(CompressFrame(nested(100'000)), Place{"x", 0}).ok());
}

TEST(LinesTest, OnlyWhatCanBeReadBackMayBeWritten) {
  EXPECT_EQ(CheckEvent({Id(1), "put", "{}", false}), Status::Ok());
  EXPECT_EQ(CheckEvent({Id(1), "put", R"({"ignorable":true})", false}), Status::Ok());
  for (const char* name : {"", "Put", "a b", "commit", "base", "key"}) {
    EXPECT_EQ(CheckEvent({Id(1), name, "{}", false}).code(), StatusCode::kInvalid) << name;
  }
  for (const char* data : {"", "[]", "{", "{}\n", "{},\"ignorable\":true", "{}}", "{\"a\":\xff}"}) {
    EXPECT_EQ(CheckEvent({Id(1), "put", data, false}).code(), StatusCode::kInvalid) << data;
  }
  const std::string large = "{\"a\":\"" + std::string(kLineBytesMax, 'x') + "\"}";
  EXPECT_EQ(CheckEvent({Id(1), "put", large, false}).code(), StatusCode::kExhausted);
}

}  // namespace
}  // namespace duckpond
