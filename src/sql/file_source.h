// SPDX-License-Identifier: MIT
//
// FileSource: one immutable data file while a statement reads it. Pieces are fetched whole and kept
// until they are released, so that a row group is one request however many columns it has, and
// requests that do not depend on each other go out together. What is read is checked first: the
// file's tail by the log, column chunks by the checksums in the tail.
//
// Threads:   all methods may be called concurrently.
// Lifetime:  shared by the scan and the requests under way; keeps its Pond alive.
// Units:     bytes from the start of the file.
// Errors:    Read throws DuckDB exceptions: a file that is missing, has another size or altered
//            bytes is corrupt.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/context.h"
#include "lake/pond.h"

namespace duckpond {

class FileSource {
 public:
  struct Piece {
    uint64_t offset = 0;
    uint64_t bytes = 0;
    uint64_t end() const { return offset + bytes; }
    // Whatever the numbers are: those of a hostile file overflow.
    bool IsWithin(uint64_t size) const { return bytes <= size && offset <= size - bytes; }
  };
  struct File {
    std::string path;  // Of the object, below the pond's root.
    uint64_t bytes = 0;
    Piece tail;                        // Checksums and footer.
    std::optional<uint64_t> checksum;  // Of the tail; none: nothing of the file can be checked.
  };
  // A part of the file that is checked as one.
  struct Chunk {
    Piece where;
    uint64_t checksum = 0;
  };
  using Chunks = std::vector<Chunk>;  // In the order of the file, apart from each other.

  // What reads under way share: under which context, and who may stop them all.
  struct Control {
    Context context;
    CancelSource cancel;  // Of context.cancel.
    std::function<bool()> interrupted;
  };

  FileSource(std::shared_ptr<Pond> pond, File file, std::shared_ptr<Control> control);

  const File& file() const { return file_; }

  // From now on what is read of the chunks is checked.
  void SetChunks(std::shared_ptr<const Chunks> chunks);

  // Makes bytes known that need no request, such as a footer that lay in the log.
  void Add(uint64_t offset, Bytes content);

  // Starts to fetch a piece, unless it is there or on its way. Cost: at most one request.
  void Want(Piece piece);
  // Forgets the piece that starts at `offset`; a request for it goes on and is not waited for.
  void Release(uint64_t offset);

  // Copies bytes out of the piece that has them, waiting for it; bytes of no piece are fetched with
  // the chunks that they belong to. An interruption cancels all requests of the Control.
  void Read(Piece where, char* out);

 private:
  struct Held;
  std::shared_ptr<Held> Find(Piece where);
  std::shared_ptr<Held> Start(Piece piece);
  std::vector<Chunk> ChunksIn(Piece where);
  void Check(Held& held, const Chunk& chunk) const;

  std::shared_ptr<Pond> pond_;
  File file_;
  std::shared_ptr<Control> control_;
  std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<Held>> pieces_;  // By offset.
  std::shared_ptr<Held> last_;                        // Fetched by Read, for its next call.
  std::shared_ptr<const Chunks> chunks_;
};

}  // namespace duckpond
