// SPDX-License-Identifier: MIT
//
// What an S3 server's reply means: the table from HTTP status and error code to the outcomes of
// ObjectStore, apart from sending, so that every row can be tested as it stands.
//
//   read   200, 206 found · 304 unchanged · 404 of the object missing · 416 past the end
//   write  2xx with an ETag written, without one unknown (which tag it has is not known)
//          412, 409 conflict; so is 404 where a tag was to match · 5xx but 501 unknown
//   all    408, 429, 5xx of a read unavailable · 501 unsupported · 413 exhausted · the rest invalid
//
// A 404 without the error code of an S3 server, as of a mistyped endpoint, is no missing object: it
// would look like an empty store.
//
// Threads:  pure functions.
// Errors:   as object_store.h says. A server error (5xx) after a write is kUnknown, whatever its
//           text: SlowDown too is answered by servers that go on with what they were doing.
// Secrets:  an error message quotes the server's code and message only, not what was signed.
#pragma once

#include <optional>
#include <string>

#include "net/http_message.h"
#include "store/object_store.h"

namespace duckpond {

// Which request a reply belongs to, for messages and for what may be looked at next.
struct S3Asked {
  std::string method;
  std::string url;  // "s3://bucket/prefix/key"
  std::string bucket;
  std::string endpoint;  // "https://host"
  std::string keys_source;
};

// The error a reply carries: <Error><Code>…</Code><Message>…</Message><Region>…</Region></Error>.
// Empty fields for what is not there.
struct S3Error {
  std::string code;
  std::string message;
  std::string region;
};
S3Error ErrorOf(const HttpReply& reply);

// The region in which the bucket lives, if the reply says that it is another than it was asked in.
std::optional<std::string> RegionElsewhere(const HttpReply& reply);

// REQUIRES: CheckGet(options) passed.
Result<GetReply> MeaningOfGet(const S3Asked& asked, const GetOptions& options, HttpReply reply);
Result<PutReply> MeaningOfPut(const S3Asked& asked, const PutCondition& condition,
                              const HttpReply& reply);
// Of an append. Errors: kExhausted – the object has as many parts as it may: write it as a whole;
// kUnsupported – this store does not append.
Result<PutReply> MeaningOfAppend(const S3Asked& asked, const HttpReply& reply);
Result<DeleteReply> MeaningOfDelete(const S3Asked& asked, const HttpReply& reply);

// Keys are given without `store_prefix`, with which all of them must start.
Result<ListReply> MeaningOfList(const S3Asked& asked, const std::string& store_prefix,
                                const HttpReply& reply);

// An upload in parts: the id of one that was begun, the tag of a part, and the end of it all.
Result<std::string> MeaningOfBegin(const S3Asked& asked, const HttpReply& reply);
Result<std::string> MeaningOfPart(const S3Asked& asked, const HttpReply& reply);
// A 200 may carry an error: the server begins to answer before it has put the parts together.
Result<PutReply> MeaningOfComplete(const S3Asked& asked, const PutCondition& condition,
                                   const HttpReply& reply);

}  // namespace duckpond
