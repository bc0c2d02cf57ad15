// SPDX-License-Identifier: MIT
//
// Limits of the log: every size that is read, every queue and every loop has one, so that a broken
// or hostile object costs a bounded amount of memory and a broken store a bounded amount of time.
//
// Units:   bytes unless the name says otherwise; times in microseconds.
// Format:  docs/formats/log.md; a limit on what is read may be raised, never lowered.
#pragma once

#include <cstddef>
#include <cstdint>

namespace duckpond {

// Sizes of what is read and written.
inline constexpr uint32_t kLogFormat = 1;
inline constexpr uint64_t kLogBytesMax = uint64_t{256} << 20;
inline constexpr uint64_t kFrameBytesMax = uint64_t{64} << 20;
// Against bombs: a frame says its decompressed size in its header, and no more is written than
// that.
inline constexpr uint64_t kFrameTextBytesMax = uint64_t{256} << 20;
inline constexpr uint64_t kObjectTextBytesMax = uint64_t{1} << 30;
inline constexpr size_t kLineBytesMax = size_t{16} << 20;
inline constexpr size_t kFrameLinesMax = 4'000'000;
inline constexpr size_t kJsonDepthMax = 64;
inline constexpr uint64_t kPondFileBytesMax = 64 << 10;

// Texts that a committer gives.
inline constexpr size_t kEventNameBytesMax = 64;
inline constexpr size_t kWriterBytesMax = 256;
inline constexpr size_t kProofBytesMax = 2048;
inline constexpr size_t kAuthorBytesMax = 1024;
inline constexpr size_t kMessageBytesMax = 64 << 10;
inline constexpr size_t kIdempotencyKeyBytesMax = 512;

// What a base remembers.
inline constexpr size_t kIdempotencyKeysMax = 10'000;
// Older segments are named by the base of the oldest one that is listed, so a base stays small.
inline constexpr size_t kSegmentsListedMax = 128;
inline constexpr size_t kPartsMax = 65'536;
// A place with a longer name is no bound of a part.
inline constexpr size_t kPartBoundBytesMax = 1024;
// What a part says of its lines instead of them.
inline constexpr size_t kPartSummaryBytesMax = 2048;
// A part is cut once its text has this many bytes: about 1 MiB compressed, a good size for one GET.
inline constexpr size_t kPartTextBytesGoal = 8 << 20;

// Pages of a listing that are looked through for other people's objects.
inline constexpr int kListPagesMax = 100;

// Work in flight.
inline constexpr size_t kWaitingCommitsMax = 10'000;
inline constexpr size_t kBatchCommitsMax = 4096;
// A batch is closed once its frames have this many bytes; one larger commit still goes alone.
inline constexpr size_t kBatchBytesMax = 1 << 20;
inline constexpr size_t kRequestsInFlightMax = 16;
inline constexpr size_t kPartReadsInFlightMax = 64;
inline constexpr size_t kSnapshotsCachedMax = 32;

// Patience.
inline constexpr int kCommitAttemptsMax = 1000;
inline constexpr int kFailuresInARowMax = 20;
// How long a store that does not answer is asked again while nothing is in doubt: to end then is
// safe, and somebody waits.
inline constexpr int64_t kUnreachableUsMax = 10'000'000;
inline constexpr int64_t kBackoffFirstUs = 10'000;
inline constexpr int64_t kBackoffMaxUs = 2'000'000;
inline constexpr int64_t kRequestUsMax = 60'000'000;
// How long a caller that cancelled while its put was in doubt waits for a certain answer.
inline constexpr int64_t kGiveUpUsMax = 5'000'000;

// Pace (log/pacer.h).
inline constexpr int64_t kTurnUs = 150'000;  // For so long who has won keeps the log.
inline constexpr int64_t kRoundUsMin = 1'000;
inline constexpr int64_t kRoundUsMax = 60'000'000;
inline constexpr int64_t kIntervalUsMax = 2'000'000;
inline constexpr int64_t kGatherUsMax = 4'000;
inline constexpr int64_t kPaceNarrowing = 64;  // The part that a put which landed takes away.

}  // namespace duckpond
