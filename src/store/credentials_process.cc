// SPDX-License-Identifier: MIT
#include "store/credentials_process.h"

#include <simdjson.h>

#include <optional>
#include <utility>

#include "base/run_program.h"

namespace duckpond {
namespace {

constexpr int64_t kVersion = 1;

Status CheckVersion(std::string_view output) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  int64_t version = 0;
  if (parser.parse(simdjson::padded_string(output)).get(root) != simdjson::SUCCESS ||
      root["Version"].get(version) != simdjson::SUCCESS) {
    return Status::Invalid("it wrote what is no JSON with a Version");
  }
  if (version == kVersion) return Status::Ok();
  return Status::Invalid("it wrote Version " + std::to_string(version) + " where 1 is known");
}

class ProgramFetcher final : public KeyFetcher {
 public:
  ProgramFetcher(std::vector<std::string> arguments, std::string source)
      : arguments_(std::move(arguments)), source_(std::move(source)) {}

  Task<Result<FetchedKeys>> Fetch(Context context) override {
    ProgramToRun program{.arguments = arguments_};
    CO_ASSIGN_OR_RETURN(const std::string output,
                        co_await RunProgram(std::move(context), std::move(program)));
    CO_RETURN_IF_ERROR(CheckVersion(output));
    auto keys = ReadKeysJson(output);
    // Not what it says itself: it may be a key.
    if (!keys.ok()) co_return Status::Invalid("it wrote no keys, or an Expiration that is none");
    co_return keys;
  }
  const std::string& source() const override { return source_; }

 private:
  const std::vector<std::string> arguments_;
  const std::string source_;
};

}  // namespace

Result<std::vector<std::string>> SplitCommand(std::string_view command) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = '\0';
  for (size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (c == '\0') return Status::Invalid("it has a zero byte");
    if (quote == '\0' && space) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
      continue;
    }
    if (!word) word.emplace();
    const bool more = i + 1 < command.size();
    if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (quote == '\0' && c == '\\') {
      if (!more) return Status::Invalid("it ends in a backslash");
      *word += command[++i];
    } else if (quote == '"' && c == '\\' && more &&
               (command[i + 1] == '"' || command[i + 1] == '\\')) {
      *word += command[++i];
    } else {
      *word += c;
    }
  }
  if (quote != '\0') return Status::Invalid("it has a quote that is not closed");
  if (word) words.push_back(*std::move(word));
  if (words.empty() || words[0].empty()) return Status::Invalid("it names no program");
  return words;
}

Result<std::shared_ptr<KeyFetcher>> FetchFromProgram(std::string_view command,
                                                     const std::string& setting_of) {
  auto words = SplitCommand(command);
  if (!words.ok()) return words.error().Prefixed("credential_process of " + setting_of);
  std::string source = "the program " + words->front() + ", credential_process of " + setting_of;
  return std::shared_ptr<KeyFetcher>(
      std::make_shared<ProgramFetcher>(*std::move(words), std::move(source)));
}

}  // namespace duckpond
