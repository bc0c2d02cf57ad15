// SPDX-License-Identifier: MIT
//
// FileSource: one immutable data file while a statement reads it. Pieces are fetched whole and kept
// until they are released, so that a row group is one request however many columns it has, and
// requests that do not depend on each other go out together. What is read is checked first: the
// file's tail by the log, column chunks by the checksums in the tail. What does not have its
// checksum is read once more, past all caches and CDNs: the store itself has the last word.
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
#include "lake/data_read.h"
#include "lake/pond.h"
#include "sql/kept_chunks.h"

namespace duckpond {

class FileSource {
 public:
  using Piece = FilePiece;
  using Chunk = FileChunk;
  struct File {
    std::string path;  // Of the object, below the pond's root.
    uint64_t bytes = 0;
    Piece tail;                        // Checksums and footer.
    std::optional<uint64_t> checksum;  // Of the tail; none: nothing of the file can be checked.
  };
  // What reads under way share: under which context, and who may stop them all.
  struct Control {
    Context context;
    CancelSource cancel;  // Of context.cancel.
    std::function<bool()> interrupted;
  };

  FileSource(std::shared_ptr<Pond> pond, File file, std::shared_ptr<Control> control);

  const File& file() const { return file_; }

  // From now on what is read of the chunks is checked, and kept for later statements.
  void SetChunks(KeptChunksPtr chunks);

  // Makes bytes known that need no request, such as a footer that lay in the log.
  void Add(uint64_t offset, Bytes content);

  // Starts to fetch a piece, unless it is there or on its way. Cost: at most one request.
  void Want(Piece piece);
  // Holds the bytes of a chunk if they were kept, so that they need not be fetched.
  bool WantKept(Piece chunk);
  // Forgets the piece or the kept chunk that starts at `offset`; a request for it goes on and is
  // not waited for.
  void Release(uint64_t offset);

  // Copies bytes out of the pieces that have them, waiting for those; bytes of no piece are fetched
  // with the chunk that they belong to. An interruption cancels all requests of the Control.
  //
  // DuckDB reads kHeaderBytes for the header of a page, however short the page: of what follows the
  // chunk only bytes that are here or were asked for are given, the others are zero.
  void Read(Piece where, char* out);
  static constexpr uint64_t kHeaderBytes = 256;

 private:
  struct Held;
  // What is checked as one, or a stretch that cannot be checked.
  struct Part {
    Piece where;
    std::optional<uint64_t> checksum;
    KeptChunksPtr chunks;  // Whose chunk it is; null: nobody's.
    size_t chunk = 0;
  };
  Part PartAt(Piece where);
  std::shared_ptr<Held> Find(Piece where);
  std::shared_ptr<Held> FindKept(const Part& part);
  using ReadPart = Task<Result<Bytes>> (*)(ObjectStore& store, Context context, DataPart part);
  std::shared_ptr<Held> Start(Piece piece, ReadPart read = ReadDataPart);
  std::shared_ptr<Held> Fetch(const Part& part);
  void Await(Held& held);
  static bool HasChecksum(Held& held, const Part& part);
  std::shared_ptr<Held> Checked(std::shared_ptr<Held> held, const Part& part);

  std::shared_ptr<Pond> pond_;
  File file_;
  std::shared_ptr<Control> control_;
  std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<Held>> pieces_;  // By offset.
  // Chunks by offset, from KeptChunks or read anew: used before pieces_.
  std::map<uint64_t, std::shared_ptr<Held>> kept_;
  std::shared_ptr<Held> last_;  // Fetched by Read, for its next call.
  KeptChunksPtr chunks_;
};

}  // namespace duckpond
