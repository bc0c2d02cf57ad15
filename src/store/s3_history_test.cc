// SPDX-License-Identifier: MIT
//
// Listings of versions page by page, and those that cannot be true.
#include "store/s3_history.h"

#include <gtest/gtest.h>

#include "tests/support/scripted_server.h"

namespace duckpond {
namespace {

class S3HistoryTest : public testing::Test {
 protected:
  // One reply after another, the last for ever.
  void Answer(std::vector<ScriptedReply> replies) {
    asked_ = 0;
    server_ =
        std::make_unique<ScriptedServer>([this, replies = std::move(replies)](const SeenRequest&) {
          return replies[std::min(asked_++, replies.size() - 1)];
        });
    S3Options options;
    options.endpoint = server_->url();
    options.keys = {"KEY", "SECRET", ""};
    options.environment = [](std::string_view) { return std::nullopt; };
    auto opened = OpenS3History(Env::Process(), "s3://bucket/pond", options);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    history_ = *opened;
  }
  Result<std::vector<ObjectVersion>> Versions(size_t count_max = 100) {
    return Block(Env::Process().executor, history_->Versions({}, "pond.log", count_max));
  }
  Result<Bytes> Read(uint64_t bytes_max = 100) {
    return Block(Env::Process().executor, history_->ReadVersion({}, "pond.log", "v/1", bytes_max));
  }
  static ScriptedReply Page(const std::string& listed, const std::string& next = "") {
    return ScriptedReply::Http(200, {},
                               "<ListVersionsResult><IsTruncated>" +
                                   std::string(next.empty() ? "false" : "true") + "</IsTruncated>" +
                                   next + listed + "</ListVersionsResult>");
  }
  static std::string Version(const std::string& id, const std::string& time,
                             const std::string& key = "pond/pond.log") {
    return "<Version><Key>" + key + "</Key><VersionId>" + id + "</VersionId><LastModified>" + time +
           "</LastModified><Size>7</Size></Version>";
  }

  std::atomic<size_t> asked_{0};
  std::unique_ptr<ScriptedServer> server_;
  std::shared_ptr<ObjectHistory> history_;
};

TEST_F(S3HistoryTest, VersionsComePageByPageTheNewestFirst) {
  const std::string next =
      "<NextKeyMarker>pond/pond.log</NextKeyMarker><NextVersionIdMarker>b c</NextVersionIdMarker>";
  Answer({Page("<DeleteMarker><Key>pond/pond.log</Key><VersionId>d</VersionId>"
               "<LastModified>2026-01-01T00:00:02.5Z</LastModified></DeleteMarker>" +
                   Version("c", "2026-01-01T00:00:03.000Z"),
               next),
          Page(Version("a", "2026-01-01T00:00:01Z") +
               Version("x", "2026-01-01T00:00:09Z", "pond/pond.log.other"))});
  const auto versions = Versions();
  ASSERT_TRUE(versions.ok()) << versions.status().ToString();
  ASSERT_EQ(versions->size(), 3u);
  EXPECT_EQ((*versions)[0].id, "c");
  EXPECT_EQ((*versions)[0].bytes, 7u);
  EXPECT_EQ((*versions)[0].time_us, 1'767'225'603'000'000);
  EXPECT_FALSE((*versions)[0].deleted);
  EXPECT_EQ((*versions)[1].id, "d");
  EXPECT_TRUE((*versions)[1].deleted);
  EXPECT_EQ((*versions)[2].id, "a");
  EXPECT_EQ(server_->seen()[0].target, "/bucket/?prefix=pond%2Fpond.log&versions=");
  EXPECT_EQ(server_->seen()[1].target,
            "/bucket/?key-marker=pond%2Fpond.log&prefix=pond%2Fpond.log&version-id-marker=b%20c"
            "&versions=");
  EXPECT_NE(server_->seen()[0].Header("authorization"), "");
}

TEST_F(S3HistoryTest, OfOneSecondTheLatestIsFirst) {
  std::string marker = Version("d", "2026-01-01T00:00:01Z");
  marker.replace(marker.find("<Size>7</Size></Version>"), std::string::npos,
                 "<IsLatest>true</IsLatest></DeleteMarker>");
  marker.replace(0, std::string("<Version>").size(), "<DeleteMarker>");
  Answer({Page(Version("a", "2026-01-01T00:00:02Z") + marker)});
  EXPECT_EQ(Versions()->front().id, "d");
  EXPECT_TRUE(Versions()->front().deleted);
}

TEST_F(S3HistoryTest, ADeletionIsTakenBackByItsId) {
  Answer({ScriptedReply::Http(204)});
  Executor& executor = Env::Process().executor;
  EXPECT_EQ(Block(executor, history_->Undelete({}, "pond.log", "d")), Status::Ok());
  EXPECT_EQ(server_->seen()[0].method, "DELETE");
  EXPECT_EQ(server_->seen()[0].target, "/bucket/pond/pond.log?versionId=d");
  Answer({ScriptedReply::Http(403, {}, "<Error><Code>AccessDenied</Code></Error>")});
  EXPECT_EQ(Block(executor, history_->Undelete({}, "pond.log", "d")).code(), StatusCode::kInvalid);
}

TEST_F(S3HistoryTest, WhatFollowsAreOtherObjects) {
  Answer({Page(Version("a", "2026-01-01T00:00:01Z"), "<NextKeyMarker>pond/q</NextKeyMarker>")});
  EXPECT_EQ(Versions()->size(), 1u);
  EXPECT_EQ(server_->seen().size(), 1u);
}

TEST_F(S3HistoryTest, NoMoreAreReadThanAreAskedFor) {
  const std::string next = "<NextKeyMarker>pond/pond.log</NextKeyMarker>";
  Answer({Page(Version("b", "2026-01-01T00:00:02Z") + Version("a", "2026-01-01T00:00:01Z"), next)});
  EXPECT_EQ(Versions(1)->size(), 1u);
  EXPECT_EQ(server_->seen().size(), 1u);
}

TEST_F(S3HistoryTest, ListingsThatCannotBeTrueAreCorrupt) {
  for (const ScriptedReply& bad :
       {ScriptedReply::Http(200, {}, "<html>"), ScriptedReply::Http(200, {}, "<Other></Other>"),
        Page("", "<NextKeyMarker></NextKeyMarker>"), Page(Version("", "2026-01-01T00:00:01Z")),
        Page(
            "<Version><Key>pond/pond.log</Key><VersionId>a</VersionId><Size>x</Size></Version>")}) {
    Answer({bad});
    const auto versions = Versions();
    ASSERT_FALSE(versions.ok());
    EXPECT_EQ(versions.error().code(), StatusCode::kCorrupt) << versions.error().ToString();
    EXPECT_NE(versions.error().message().find("s3://bucket/pond/pond.log"), std::string::npos);
  }
}

TEST_F(S3HistoryTest, RefusalsAreThoseOfAnyListing) {
  Answer({ScriptedReply::Http(403, {}, "<Error><Code>AccessDenied</Code></Error>")});
  EXPECT_EQ(Versions().status().code(), StatusCode::kInvalid);
  Answer({ScriptedReply::Http(501, {}, "<Error><Code>NotImplemented</Code></Error>")});
  EXPECT_EQ(Versions().status().code(), StatusCode::kUnsupported);
  Answer({ScriptedReply::HangUp()});
  EXPECT_EQ(Versions().status().code(), StatusCode::kUnavailable);
}

TEST_F(S3HistoryTest, OneVersionIsReadByItsId) {
  Answer({ScriptedReply::Http(200, {"ETag: \"t\""}, "content")});
  EXPECT_EQ(Read()->view(), "content");
  EXPECT_EQ(server_->seen()[0].target, "/bucket/pond/pond.log?versionId=v%2F1");
  EXPECT_EQ(Read(3).status().code(), StatusCode::kExhausted);
  for (const int gone : {404, 405}) {  // A delete marker answers 405.
    Answer({ScriptedReply::Http(gone, {}, "<Error><Code>NoSuchVersion</Code></Error>")});
    EXPECT_EQ(Read().status().code(), StatusCode::kNotFound);
  }
}

}  // namespace
}  // namespace duckpond
