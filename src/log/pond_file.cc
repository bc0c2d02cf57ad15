// SPDX-License-Identifier: MIT
#include "log/pond_file.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "base/json_writer.h"
#include "log/limits.h"

namespace duckpond {
namespace {

Status Broken(std::string_view expected) {
  return Status::Corrupt(fmt::format("{}: expected {}, found something else", kPondKey, expected));
}

}  // namespace

std::string PondFile::Encode() const {
  JsonWriter json;
  json.BeginObject().Key("format").Uint(format).Key("id").String(id.ToString());
  json.Key("state").String(ready ? "ready" : "creating").Key("created").Int(created_us);
  json.Key("writer").String(writer).Key("proof").String(proof);
  if (!more_proofs.empty()) {
    json.Key("proofs").BeginArray();
    for (const std::string& more : more_proofs) json.String(more);
    json.EndArray();
  }
  json.EndObject();
  return json.Take() + "\n";
}

bool PondFile::IsProven(std::string_view proof_text) const {
  return proof == proof_text || std::ranges::find(more_proofs, proof_text) != more_proofs.end();
}

void PondFile::AddProof(std::string proof_text) {
  more_proofs.push_back(std::move(proof_text));
  if (more_proofs.size() > kProofsMax) more_proofs.erase(more_proofs.begin());
}

Result<PondFile> PondFile::Decode(std::string_view text) {
  simdjson::dom::parser parser(kPondFileBytesMax);
  simdjson::dom::object object;
  if (parser.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS) {
    return Broken("a JSON object");
  }
  PondFile file;
  uint64_t format = 0;
  if (object["format"].get(format) != simdjson::SUCCESS || format == 0) return Broken("a format");
  if (format > kLogFormat) {
    return Status::Unsupported(
        fmt::format("{}: format {}; this program reads up to {}: use a newer one", kPondKey, format,
                    kLogFormat));
  }
  file.format = static_cast<uint32_t>(format);
  std::string_view id;
  std::string_view state;
  std::string_view writer;
  std::string_view proof;
  if (object["id"].get(id) != simdjson::SUCCESS) return Broken("an id");
  auto parsed = Uuid::Parse(id);
  if (!parsed.ok()) return Broken("a UUID as id");
  file.id = *parsed;
  if (object["state"].get(state) != simdjson::SUCCESS ||
      (state != "ready" && state != "creating")) {
    return Broken("\"creating\" or \"ready\" as state");
  }
  file.ready = state == "ready";
  if (object["created"].get(file.created_us) != simdjson::SUCCESS) return Broken("a time");
  if (object["writer"].get(writer) != simdjson::SUCCESS) return Broken("a writer");
  if (object["proof"].get(proof) != simdjson::SUCCESS) return Broken("a proof");
  file.writer = writer;
  file.proof = proof;
  simdjson::dom::array proofs;
  if (object["proofs"].get(proofs) != simdjson::SUCCESS) return file;
  for (const simdjson::dom::element more : proofs) {
    if (more.get(proof) != simdjson::SUCCESS) return Broken("texts as proofs");
    file.more_proofs.emplace_back(proof);
  }
  return file;
}

}  // namespace duckpond
