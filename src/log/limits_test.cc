// SPDX-License-Identifier: MIT
//
// One test for each limit of log/limits.h that belongs to no other test: what lies at it is taken,
// what lies behind it is refused by its number.
#include "log/limits.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/hash.h"
#include "base/little_endian.h"
#include "log/lines.h"
#include "log/log_image.h"
#include "log/log_object.h"
#include "log/pond_file.h"
#include "store/store_wrapper.h"
#include "tests/support/log_fixture.h"
#include "tests/support/log_records.h"

namespace duckpond {
namespace {

const Place kPlace{"x", 0};

// A frame that says it has `text_bytes` bytes of text, made of `blocks` blocks of 128 KiB that are
// not compressed. Its size can be told and its text cannot.
std::string HollowFrame(uint32_t text_bytes, size_t blocks) {
  constexpr size_t kBlockBytes = 128 << 10;
  std::string frame("\x28\xb5\x2f\xfd\xa4", 5);  // One segment, size in 4 bytes, checksum.
  AppendLittleEndian(frame, text_bytes);
  for (size_t i = 0; i < blocks; ++i) {
    const size_t header = kBlockBytes << 3;
    for (int shift = 0; shift < 24; shift += 8) frame.push_back(static_cast<char>(header >> shift));
    frame.append(kBlockBytes, 'x');
  }
  return frame + std::string("\1\0\0", 3) + "sum?";
}

StatusCode CodeOf(const BaseRecord& base) {
  return DecodeLog(EncodeLogStart(base, ""), "x").status().code();
}

std::string Line(std::string_view data) {
  return "{\"id\":\"" + Id(1).ToString() + "\",\"event\":\"put\",\"data\":" + std::string(data) +
         "}\n";
}

TEST(LogLimitsTest, ALogHasABoundedSize) {
  const Status refused = DecodeLog(std::string(kLogBytesMax + 1, '\0'), "x").status();
  EXPECT_EQ(refused.code(), StatusCode::kExhausted) << refused.ToString();
  EXPECT_EQ(DecodeLog(std::string(kLogBytesMax, '\0'), "x").status().code(), StatusCode::kCorrupt);
}

TEST(LogLimitsTest, AFrameHasABoundedSize) {
  const size_t blocks = kFrameBytesMax >> 17;
  EXPECT_TRUE(FrameSize(HollowFrame(1, blocks - 1), kPlace).ok());
  const Status refused = FrameSize(HollowFrame(1, blocks), kPlace).status();
  EXPECT_EQ(refused.code(), StatusCode::kExhausted) << refused.ToString();
}

TEST(LogLimitsTest, AFramesTextHasABoundedSize) {
  EXPECT_TRUE(FrameTextSize(HollowFrame(kFrameTextBytesMax, 0), kPlace).ok());
  const Status refused = FrameTextSize(HollowFrame(kFrameTextBytesMax + 1, 0), kPlace).status();
  EXPECT_EQ(refused.code(), StatusCode::kExhausted) << refused.ToString();
}

// Refused before any frame is decompressed: these could not be.
TEST(LogLimitsTest, TheTextOfALogHasABoundedSize) {
  const std::string start = EncodeLogStart(Base(), "");
  std::string frames;
  for (int i = 0; i < 4; ++i) frames += HollowFrame(kFrameTextBytesMax, 0);
  const Status whole = DecodeLog(start + frames, "x").status();
  EXPECT_EQ(whole.code(), StatusCode::kExhausted) << whole.ToString();
  const ChainEnd end{0, 1000, Base().chain};
  EXPECT_EQ(DecodeTail(frames, 0, end, "x").status().code(), StatusCode::kCorrupt);
  frames += HollowFrame(1, 0);
  const Status tail = DecodeTail(frames, 0, end, "x").status();
  EXPECT_EQ(tail.code(), StatusCode::kExhausted) << tail.ToString();
}

TEST(LogLimitsTest, AFrameHasABoundedNumberOfLines) {
  const std::string most(kFrameLinesMax, '\n');
  EXPECT_EQ(DecodeLines(CompressFrame(most), kPlace).status().code(), StatusCode::kCorrupt);
  const Status refused = DecodeLines(CompressFrame(most + "\n"), kPlace).status();
  EXPECT_EQ(refused.code(), StatusCode::kExhausted) << refused.ToString();
}

TEST(LogLimitsTest, ALineThatIsReadHasABoundedSize) {
  const size_t frame_of_line = Line("{\"a\":\"\"}").size() - 1;
  const std::string text(kLineBytesMax - frame_of_line, 'x');
  EXPECT_TRUE(DecodeLines(CompressFrame(Line("{\"a\":\"" + text + "\"}")), kPlace).ok());
  const Status refused =
      DecodeLines(CompressFrame(Line("{\"a\":\"" + text + "x\"}")), kPlace).status();
  EXPECT_EQ(refused.code(), StatusCode::kExhausted) << refused.ToString();
}

TEST(LogLimitsTest, AnEventsNameHasABoundedSize) {
  EXPECT_EQ(CheckEvent({Id(1), std::string(kEventNameBytesMax, 'a'), "{}", false}), Status::Ok());
  EXPECT_EQ(CheckEvent({Id(1), std::string(kEventNameBytesMax + 1, 'a'), "{}", false}).code(),
            StatusCode::kInvalid);
}

TEST(LogLimitsTest, TextsOfABaseHaveABoundedSize) {
  BaseRecord base = Base();
  base.proof = std::string(kProofBytesMax, 'p');
  base.writer = std::string(kWriterBytesMax, 'w');
  EXPECT_EQ(CodeOf(base), StatusCode::kOk);
  base.proof += 'p';
  EXPECT_EQ(CodeOf(base), StatusCode::kCorrupt);
  base.proof.clear();
  base.writer += 'w';
  EXPECT_EQ(CodeOf(base), StatusCode::kCorrupt);
}

TEST(LogLimitsTest, TextsOfACommitThatIsReadHaveABoundedSize) {
  CommitRecord commit;
  commit.version = 1;
  commit.time_us = 1;
  const Hash prev(16, 'h');
  const auto code = [&] {
    return DecodeCommit(EncodeCommit(commit, prev), kPlace).status().code();
  };
  for (auto [text, bytes_max] :
       {std::pair(&commit.author, kAuthorBytesMax), std::pair(&commit.message, kMessageBytesMax),
        std::pair(&commit.writer, kWriterBytesMax),
        std::pair(&commit.idempotency_key, kIdempotencyKeyBytesMax)}) {
    text->assign(bytes_max, 'a');
    EXPECT_EQ(code(), StatusCode::kOk);
    *text += 'a';
    EXPECT_EQ(code(), StatusCode::kCorrupt);
    text->pop_back();
  }
}

// What a base says of their sizes is what a store may send.
TEST(LogLimitsTest, ObjectsThatABaseNamesHaveABoundedSize) {
  BaseRecord base = Base();
  base.version = 5;
  base.segments = {{"log/a.log", 1, 5, 1, 2, kLogBytesMax, Hash(16, 'x')}};
  base.parts = {{"log/a.part", kFrameBytesMax, 1, Hash(16, 'x'), {}}};
  EXPECT_EQ(CodeOf(base), StatusCode::kOk);
  base.segments[0].bytes = kLogBytesMax + 1;
  EXPECT_EQ(CodeOf(base), StatusCode::kExhausted);
  base.segments[0].bytes = 1;
  base.parts[0].bytes = kFrameBytesMax + 1;
  EXPECT_EQ(CodeOf(base), StatusCode::kExhausted);
  base.parts[0].bytes = kFrameBytesMax;
  base.parts.resize(kObjectTextBytesMax / kFrameBytesMax, base.parts[0]);
  EXPECT_EQ(CodeOf(base), StatusCode::kOk);
  base.parts.push_back({"log/b.part", 1, 1, Hash(16, 'x'), {}});
  EXPECT_EQ(CodeOf(base), StatusCode::kExhausted);
}

TEST(LogLimitsTest, ABaseNamesABoundedNumberOfParts) {
  BaseRecord base = Base();
  base.parts.assign(kPartsMax, {"log/a.part", 1, 1, Hash(16, 'x'), {}});
  EXPECT_EQ(CodeOf(base), StatusCode::kOk);
  base.parts.push_back(base.parts[0]);
  EXPECT_EQ(CodeOf(base), StatusCode::kCorrupt);
}

TEST(LogLimitsTest, TheBoundsOfAPartHaveABoundedSize) {
  BaseRecord base = Base();
  base.parts = {{"log/a.part", 1, 1, Hash(16, 'x'), {}}};
  base.parts[0].bounds = {"", std::string(kPartBoundBytesMax, 'b')};
  EXPECT_EQ(CodeOf(base), StatusCode::kOk);
  base.parts[0].bounds->last += 'b';
  EXPECT_EQ(CodeOf(base), StatusCode::kCorrupt);
}

TEST(LogLimitsTest, TheSummaryOfAPartHasABoundedSize) {
  BaseRecord base = Base();
  base.parts = {{"log/a.part", 1, 1, Hash(16, 'x'), {}, R"({"a":""})"}};
  base.parts[0].summary.insert(6, std::string(kPartSummaryBytesMax - 8, 's'));
  EXPECT_EQ(CodeOf(base), StatusCode::kOk);
  base.parts[0].summary.insert(6, "s");
  EXPECT_EQ(CodeOf(base), StatusCode::kCorrupt);
  base.parts[0].summary = "[]";
  EXPECT_EQ(CodeOf(base), StatusCode::kCorrupt);
}

TEST(LogLimitsTest, ABaseNamesABoundedNumberOfSegments) {
  BaseRecord base = Base();
  const auto add = [&base] {
    ++base.version;
    base.segments.push_back({"log/a.log", base.version, base.version, 1, 2, 1, Hash(16, 'x')});
  };
  for (size_t i = 0; i < kSegmentsListedMax; ++i) add();
  EXPECT_EQ(CodeOf(base), StatusCode::kOk);
  add();
  EXPECT_EQ(CodeOf(base), StatusCode::kCorrupt);
}

TEST(LogLimitsTest, TheOldestIdempotencyKeysAreForgotten) {
  LogImage image;
  std::vector<KeyRecord> known(kIdempotencyKeysMax, KeyRecord{"old", 1, 1, Id(3)});
  known.front().key = "oldest";
  image.base_keys = std::make_shared<const std::vector<KeyRecord>>(std::move(known));
  EXPECT_EQ(image.Keys().front().key, "oldest");
  image.frames.resize(2);
  image.frames[1].idempotency_key = "new";
  EXPECT_EQ(image.Keys().size(), kIdempotencyKeysMax);
  EXPECT_EQ(image.Keys().front().key, "old");
  EXPECT_EQ(image.Keys().back().key, "new");
}

class PondLimitsTest : public LogFixture {
 protected:
  StatusCode Commit(CommitOptions options, LogOptions log_options = {}) {
    const auto log = OpenOther({}, std::move(log_options));
    return Await(log->Commit(Context{}, PutChange("a", "1"), std::move(options))).status().code();
  }
};

TEST_F(PondLimitsTest, TextsThatACommitterGivesHaveABoundedSize) {
  for (auto [member, bytes_max] :
       {std::pair(&CommitOptions::author, kAuthorBytesMax),
        std::pair(&CommitOptions::message, kMessageBytesMax),
        std::pair(&CommitOptions::idempotency_key, kIdempotencyKeyBytesMax)}) {
    CommitOptions options = Options();
    options.*member = std::string(bytes_max, 'a');
    EXPECT_EQ(Commit(options), StatusCode::kOk);
    options.*member += 'a';
    EXPECT_EQ(Commit(options), StatusCode::kInvalid);
  }
  LogOptions log_options;
  log_options.writer = std::string(kWriterBytesMax + 1, 'w');
  EXPECT_EQ(Commit(Options(), log_options), StatusCode::kInvalid);
}

TEST_F(PondLimitsTest, APondFileHasABoundedSize) {
  ASSERT_EQ(Create(), Status::Ok());
  const std::string file = Content(std::string(kPondKey));
  const auto verify = [this] { return Await(OpenOther()->Verify(Context{})).status().code(); };
  Overwrite(std::string(kPondKey), file + std::string(kPondFileBytesMax - file.size(), ' '));
  EXPECT_EQ(verify(), StatusCode::kOk);
  Overwrite(std::string(kPondKey), file + std::string(kPondFileBytesMax + 1 - file.size(), ' '));
  EXPECT_EQ(verify(), StatusCode::kExhausted);
}

// A pond whose state is in parts that are each small enough and together too much.
TEST_F(PondLimitsTest, TheTextOfAllPartsHasABoundedSize) {
  ASSERT_EQ(Create(), Status::Ok());
  const std::string body = HollowFrame(kFrameTextBytesMax, 0);
  Overwrite("log/a.part", body);
  BaseRecord base = Base();
  base.parts.assign(4, {"log/a.part", body.size(), 1, Xxh3_128(body), {}});
  Overwrite(std::string(kLogKey), EncodeLogStart(base, ""));
  EXPECT_EQ(Await(OpenOther()->Latest(Context{})).status().code(), StatusCode::kCorrupt);
  base.parts.push_back(base.parts[0]);
  Overwrite(std::string(kLogKey), EncodeLogStart(base, ""));
  const Status refused = Await(OpenOther()->Latest(Context{})).status();
  EXPECT_EQ(refused.code(), StatusCode::kExhausted) << refused.ToString();
}

// A listing that never ends, of nothing that matters.
class EndlessListing final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;
  Task<Result<ListReply>> List(Context, std::string, std::optional<std::string>) override {
    ++pages;
    return Page();
  }
  int pages = 0;

 private:
  static Task<Result<ListReply>> Page() {
    ListReply page;
    page.objects.push_back({"proof/left", 1});
    page.next_token = "more";
    co_return page;
  }
};

TEST_F(PondLimitsTest, ABoundedNumberOfPagesIsLookedThrough) {
  const auto store = std::make_shared<EndlessListing>(memory_);
  const Status refused = Await(OpenOn(store)->Create(Context{}));
  EXPECT_EQ(refused.code(), StatusCode::kInvalid) << refused.ToString();
  EXPECT_EQ(store->pages, kListPagesMax);
}

TEST_F(PondLimitsTest, ABoundedNumberOfCommitsWaits) {
  ASSERT_EQ(Create(), Status::Ok());
  FaultOptions faults;
  faults.rules.push_back({RequestKind::kGet, "", 1, Fault::kDelay, 10'000'000});
  const auto log = OpenOther(faults);
  std::vector<Task<Result<CommitReceipt>>> commits;
  // Some leave the queue for the batch that waits for the log.
  for (size_t i = 0; i < kWaitingCommitsMax + kBatchCommitsMax + 1; ++i) {
    commits.push_back(log->Commit(Context{}, PutChange("a", "1"), Options()));
  }
  size_t refused = 0;
  for (const auto& result : Await(WhenAll(std::move(commits)))) {
    if (result.ok()) continue;
    ++refused;
    EXPECT_EQ(result.error().code(), StatusCode::kExhausted) << result.error().ToString();
  }
  EXPECT_GE(refused, 1u);
  EXPECT_LE(refused, kBatchCommitsMax + 1);
}

// Puts of pond.log.
class CountingPuts final : public StoreWrapper {
 public:
  using StoreWrapper::StoreWrapper;
  Task<Result<PutReply>> Put(Context context, std::string key, Bytes body,
                             PutCondition condition) override {
    puts += key == kLogKey;
    return StoreWrapper::Put(context, key, body, condition);
  }
  int puts = 0;
};

TEST_F(PondLimitsTest, APutCarriesABoundedNumberOfCommits) {
  ASSERT_EQ(Create(), Status::Ok());
  const auto store = std::make_shared<CountingPuts>(memory_);
  const auto log = OpenOn(store);
  ASSERT_TRUE(PutOn(*log, "warm", "up").ok());
  store->puts = 0;
  std::vector<Task<Result<CommitReceipt>>> commits;
  for (size_t i = 0; i < 2 * kBatchCommitsMax; ++i) {
    commits.push_back(log->Commit(Context{}, PutChange("a", "1"), Options()));
  }
  for (const auto& result : Await(WhenAll(std::move(commits)))) EXPECT_TRUE(result.ok());
  EXPECT_GE(store->puts, 2);
  EXPECT_LE(store->puts, 4);
}

// Text that does not compress.
std::string Noise(Random& random, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += fmt::format("{:016x}", random.Next());
  return text;
}

TEST_F(PondLimitsTest, APutCarriesABoundedNumberOfBytesOrOneCommit) {
  ASSERT_EQ(Create(), Status::Ok());
  const auto store = std::make_shared<CountingPuts>(memory_);
  LogOptions options;
  options.roll_bytes = uint64_t{1} << 30;
  const auto log = OpenOn(store, options);
  ASSERT_TRUE(PutOn(*log, "warm", "up").ok());
  store->puts = 0;
  std::vector<Task<Result<CommitReceipt>>> commits;
  // Hexadecimal text has half a byte of noise a byte: each is larger than a batch may be.
  for (int i = 0; i < 3; ++i) {
    const std::string text = Noise(env_.random, 5 * kBatchBytesMax / 2);
    commits.push_back(log->Commit(Context{}, PutChange("a", text), Options()));
  }
  for (const auto& result : Await(WhenAll(std::move(commits)))) EXPECT_TRUE(result.ok());
  EXPECT_EQ(store->puts, 3);
}

TEST_F(PondLimitsTest, ABoundedNumberOfOldVersionsIsKept) {
  for (size_t i = 0; i < kSnapshotsCachedMax + 2; ++i) ASSERT_TRUE(Put("a", "1").ok());
  const auto reader = OpenOther();
  const auto at = [&](Version version) { return Await(reader->At(Context{}, version))->state; };
  const StatePtr first = at(1);
  EXPECT_EQ(at(1), first);
  for (Version version = 2; version <= kSnapshotsCachedMax + 1; ++version) at(version);
  EXPECT_EQ(at(2), at(2));
  EXPECT_NE(at(1), first);
}

}  // namespace
}  // namespace duckpond
