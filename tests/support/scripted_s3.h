// SPDX-License-Identifier: MIT
//
// ScriptedS3: a bucket in memory behind a ScriptedServer, as far as a store needs one, that honours
// or ignores conditions as a test tells it, takes uploads in parts, and fails where a test says so.
//
// Threads:   as ScriptedServer: requests are served one at a time.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/env.h"
#include "store/s3_store.h"
#include "tests/support/scripted_server.h"

namespace duckpond {

class ScriptedS3 {
 public:
  struct Ignores {
    bool if_none_match = false;
    bool if_match = false;
    bool if_match_of_missing = false;  // A swap of a missing key makes it.
  };
  explicit ScriptedS3(Ignores ignores, std::string server_name = "Scripted")
      : ignores_(ignores),
        server_name_(std::move(server_name)),
        server_([this](const SeenRequest& seen) { return Answer(seen); }) {}

  // What becomes of a request.
  struct Fate {
    bool done = true;                    // As a store would.
    std::optional<ScriptedReply> reply;  // Instead of the store's own.
  };
  // Asked for each request, one at a time.
  void SetFate(std::function<Fate(const SeenRequest&)> fate) {
    std::lock_guard lock(mutex_);
    fate_ = std::move(fate);
  }

  std::shared_ptr<ObjectStore> Open(S3Options options = {}) const {
    options.endpoint = server_.url();
    options.keys = {"key", "secret", ""};
    options.environment = [](std::string_view) { return std::nullopt; };
    return *OpenS3(Env::Process(), "s3://bucket/pond", options);
  }

  // Content by key, "pond/pond.log".
  std::map<std::string, std::string> objects() const {
    std::lock_guard lock(mutex_);
    return objects_;
  }
  // Uploads in parts that were begun and neither completed nor given up.
  size_t open_uploads() const {
    std::lock_guard lock(mutex_);
    return uploads_.size();
  }
  ScriptedServer& server() { return server_; }
  // Puts this server with what another has.
  void CopyFrom(const ScriptedS3& other) {
    auto objects = other.objects();
    std::lock_guard lock(mutex_);
    objects_ = std::move(objects);
  }
  // Requests of this method whose target has `part`.
  size_t Count(const std::string& method, const std::string& part) const {
    size_t count = 0;
    for (const SeenRequest& seen : server_.seen()) {
      count += seen.method == method && seen.target.find(part) != std::string::npos;
    }
    return count;
  }

 private:
  static std::string TagOf(const std::string& content) {
    return fmt::format("\"{:016x}\"", std::hash<std::string>()(content));
  }

  ScriptedReply Reply(int status, const std::string& tag = "", const std::string& body = "") {
    std::vector<std::string> headers{"Server: " + server_name_, "x-amz-request-id: 1"};
    if (!tag.empty()) headers.push_back("ETag: " + tag);
    return ScriptedReply::Http(status, headers, body);
  }
  ScriptedReply Error(int status, const std::string& code) {
    return Reply(status, "", "<Error><Code>" + code + "</Code></Error>");
  }

  ScriptedReply Answer(const SeenRequest& seen) {
    std::lock_guard lock(mutex_);
    const Fate fate = fate_ ? fate_(seen) : Fate{};
    ScriptedReply own;
    if (fate.done) own = Obey(seen);
    return fate.reply ? *fate.reply : own;
  }

  // The value of `name` in the query of `target`; empty if there is none.
  static std::string Query(const std::string& target, const std::string& name) {
    const size_t start = target.find(name + "=");
    if (start == std::string::npos) return "";
    const size_t from = start + name.size() + 1;
    return target.substr(from, target.find('&', from) - from);
  }

  ScriptedReply Obey(const SeenRequest& seen) {
    const std::string path = seen.target.substr(0, seen.target.find('?'));
    const std::string key = path.substr(std::string("/bucket/").size());
    const std::string upload = Query(seen.target, "uploadId");
    if (seen.method == "POST" && upload.empty()) {
      const std::string id = "upload-" + std::to_string(++uploads_begun_);
      uploads_[id];
      return Reply(200, "",
                   "<InitiateMultipartUploadResult><UploadId>" + id +
                       "</UploadId></InitiateMultipartUploadResult>");
    }
    if (!upload.empty()) return Upload(seen, key, upload);
    if (seen.method == "PUT") return Put(seen, key);
    if (seen.method == "DELETE") {
      objects_.erase(key);
      return Reply(204);
    }
    if (key.empty()) return List();
    const auto found = objects_.find(key);
    if (found == objects_.end()) return Error(404, "NoSuchKey");
    return Reply(200, TagOf(found->second), found->second);
  }

  ScriptedReply Upload(const SeenRequest& seen, const std::string& key, const std::string& id) {
    const auto found = uploads_.find(id);
    if (found == uploads_.end()) return Error(404, "NoSuchUpload");
    if (seen.method == "PUT") {
      found->second[std::stoi(Query(seen.target, "partNumber"))] = seen.body;
      return Reply(200, TagOf(seen.body));
    }
    if (seen.method == "DELETE") {
      uploads_.erase(found);
      return Reply(204);
    }
    SeenRequest whole = seen;
    whole.body.clear();
    for (const auto& [number, part] : found->second) {
      if (seen.body.find("<ETag>" + TagOf(part)) == std::string::npos) {
        return Error(400, "InvalidPart");
      }
      whole.body += part;
    }
    ScriptedReply put = Put(whole, key);
    if (put.bytes.find(" 200 ") == std::string::npos) return put;
    uploads_.erase(found);
    return Reply(200, "",
                 "<CompleteMultipartUploadResult><ETag>" + TagOf(whole.body) +
                     "</ETag></CompleteMultipartUploadResult>");
  }

  ScriptedReply Put(const SeenRequest& seen, const std::string& key) {
    const auto found = objects_.find(key);
    const bool missing = found == objects_.end();
    const std::string expected = seen.Header("if-match");
    if (!seen.Header("if-none-match").empty() && !missing && !ignores_.if_none_match) {
      return Error(412, "PreconditionFailed");
    }
    if (!expected.empty() && missing && !ignores_.if_match && !ignores_.if_match_of_missing) {
      return Error(404, "NoSuchKey");
    }
    if (!expected.empty() && !missing && expected != TagOf(found->second) && !ignores_.if_match) {
      return Error(412, "PreconditionFailed");
    }
    objects_[key] = seen.body;
    return Reply(200, TagOf(seen.body));
  }

  ScriptedReply List() {
    std::string found;
    for (const auto& [key, content] : objects_) {
      found +=
          fmt::format("<Contents><Key>{}</Key><Size>{}</Size></Contents>", key, content.size());
    }
    return Reply(
        200, "",
        "<ListBucketResult><IsTruncated>false</IsTruncated>" + found + "</ListBucketResult>");
  }

  const Ignores ignores_;
  const std::string server_name_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> objects_;  // Guarded by mutex_, as is all but the server.
  std::map<std::string, std::map<int, std::string>> uploads_;
  int uploads_begun_ = 0;
  std::function<Fate(const SeenRequest&)> fate_;
  ScriptedServer server_;  // Last: its threads use what is above.
};

}  // namespace duckpond
