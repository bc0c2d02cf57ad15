// SPDX-License-Identifier: MIT
//
// Limits of the lake: what one pond, table or transaction may hold, so that hostile bytes in a log
// cost a bounded amount of memory, and so that nothing is written that would not be read.
//
// Units:   bytes unless the name says otherwise.
// Format:  a limit on what is read may be raised, never lowered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace duckpond {

// Definitions.
inline constexpr size_t kNameBytesMax = 1024;
inline constexpr size_t kSqlBytesMax = size_t{1} << 20;  // An expression, a view, a comment.
inline constexpr size_t kColumnsMax = 10'000;
inline constexpr size_t kConstraintsMax = 1'000;
inline constexpr size_t kRelationsMax = 1'000'000;  // Tables and views of a pond.
inline constexpr size_t kOptionsMax = 10'000;

// Rows.
inline constexpr size_t kFilesMax = 10'000'000;  // Of a pond.
inline constexpr uint64_t kFileBytesMax = uint64_t{1} << 50;
inline constexpr size_t kPathBytesMax = 900;
inline constexpr size_t kRowGroupsMax = 1'000'000;       // Of one file.
inline constexpr size_t kFooterBytesMax = 1 << 20;       // Of a footer that is kept in the log.
inline constexpr uint64_t kRowsMax = uint64_t{1} << 62;  // Row ids stay below, as BIGINT wants.
inline constexpr uint64_t kBatchRowsMax = 65'536;        // Of one ColumnBatch.
inline constexpr uint64_t kBatchBytesMax = uint64_t{64} << 20;  // Of one, decoded.

// A field id that no column of a table has: the row ids that rows of a rewritten file keep. The
// number is Iceberg's for the same purpose.
inline constexpr uint32_t kRowIdFieldId = 2'147'483'540;
inline constexpr std::string_view kRowIdColumn = "_duckpond_row_id";
inline constexpr uint32_t kFieldIdMax = 2'147'000'000;

// Options of a pond that the lake itself obeys, and what holds while they are not set.
inline constexpr std::string_view kOptionInlineBytes = "inline_bytes";
inline constexpr uint64_t kInlineBytesDefault = 128 << 10;  // In the pond, before a flush.
inline constexpr std::string_view kOptionInlineTransactionBytes = "inline_transaction_bytes";
inline constexpr uint64_t kInlineTransactionBytesDefault = 32 << 10;

// Work in flight.
inline constexpr size_t kKeyReadsInFlightMax = 16;
inline constexpr size_t kDeletesInFlightMax = 32;
inline constexpr size_t kFlushFilesMax = 16;  // Of one commit.
// How long a commit waits for another one's flush, once there is twice as much as there should be.
inline constexpr int64_t kFlushWaitUsMax = 10'000'000;
// From so many times the limit on, a commit whose flush fails fails with it.
inline constexpr uint64_t kInlineOverflow = 8;
// Keys of one file that are held in memory at a time, as far as its row groups tell.
inline constexpr uint64_t kKeysInMemoryMax = 1 << 20;
// Keys of inline rows that a pond remembers (lake/inline_key_cache.h).
inline constexpr uint64_t kInlineKeyBytesInMemoryMax = 64 << 20;
// Hash lists of files that a pond remembers (lake/key_hash_list.h).
inline constexpr uint64_t kHashListBytesInMemoryMax = 64 << 20;
// Hashes that are sorted at a time when many files are compared (lake/hash_matches.h), their files,
// and the pairs of them that are looked at before all pairs are.
inline constexpr uint64_t kHashesMergedMax = 8 << 20;
inline constexpr uint64_t kMatchedListsMax = 65'536;
inline constexpr size_t kHashMatchesMax = 1000;
// How long a transaction that is over tries to delete the files that nobody will name.
inline constexpr size_t kBlockReadsInFlightMax = 64;
inline constexpr uint64_t kBlockBytesInMemoryMax = 256 << 20;  // Of files, as text.
inline constexpr int64_t kCleanUpUsMax = 30'000'000;

}  // namespace duckpond
