// SPDX-License-Identifier: MIT
//
// FileUpload: puts data files of a statement while it makes the next one. One is under way at a
// time: who makes files faster than the store takes them waits, and memory stays bounded.
//
// Threads:   one at a time.
// Lifetime:  borrows the client, but not once it is stopped. The plan of a prepared statement, and
//            this with it, may outlive its transaction, which stops it
//            (PondTransaction::NoteUpload).
// Errors:    DuckDB exceptions. It is not known of a put that failed whether the object is there.
// Memory:    the file that is under way.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lake/pond.h"
#include "sql/duckdb_api.h"

namespace duckpond {

class FileUpload {
 public:
  // Requests are entered in `ledger`.
  FileUpload(duckdb::ClientContext& client, std::shared_ptr<Pond> pond,
             std::shared_ptr<CostLedger> ledger)
      : client_(client), pond_(std::move(pond)), ledger_(std::move(ledger)) {}
  FileUpload(const FileUpload&) = delete;
  FileUpload& operator=(const FileUpload&) = delete;
  ~FileUpload() { Stop(); }

  // Waits for the file before, and begins with this one. Cost: one PUT.
  void Begin(std::string path, Bytes body);
  // Waits until all that was begun is there.
  void Finish();
  // Cancels what is under way and waits for its end, so that who deletes the object next is not
  // overtaken by it.
  void Stop();

 private:
  struct UnderWay {
    CancelSource cancel;
    Completion<Status> done;
  };
  Status Wait(const std::function<void()>& poll);

  duckdb::ClientContext& client_;
  const std::shared_ptr<Pond> pond_;
  const std::shared_ptr<CostLedger> ledger_;
  std::optional<UnderWay> under_way_;
};

}  // namespace duckpond
