// SPDX-License-Identifier: MIT
#include "lake/file_list.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/random.h"
#include "lake/catalog_folder.h"
#include "lake/events.h"
#include "lake/predicate.h"
#include "log/limits.h"
#include "tests/support/counted_lines.h"
#include "tests/support/unfolded.h"
#include "tests/support/virtual_executor.h"

namespace duckpond {
namespace {

using Kind = Predicate::Kind;

Uuid Id(uint64_t number) {
  Uuid id;
  for (size_t i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

const CatalogFolder& Folder() { return CatalogFolder::Instance(); }

std::shared_ptr<TableDef> Def() {
  auto def = std::make_shared<TableDef>();
  def->id = Id(1);
  def->schema = "main";
  def->name = "t";
  for (const uint32_t id : {1U, 2U}) {
    Column column;
    column.field_id = id;
    column.name = "c" + std::to_string(id);
    column.type.id = TypeId::kUtinyint;
    def->columns.push_back(column);
  }
  def->next_field_id = 3;
  Constraint key;
  key.kind = Constraint::Kind::kUnique;
  key.field_ids = {1};
  def->constraints = {key};
  return def;
}

std::string Byte(uint64_t value) { return {static_cast<char>(value)}; }

DataFile File(uint64_t number) {
  DataFile file;
  file.id = Id(100 + number);
  file.path = "data/t/" + file.id.ToString() + ".parquet";
  file.bytes = 1000 + number;
  file.rows = 10;
  file.first_row_id = 10 * number;
  const std::string key = {static_cast<char>(number / 256), static_cast<char>(number % 256)};
  file.statistics = {{1, 0, key, key + "z", true}, {2, 10, std::nullopt, std::nullopt, false}};
  file.keys = {{0, key, key + "z", {}}};
  file.row_groups = {{4, 500, 5, key, key}, {504, 400, 5, key, key}};
  // Long enough for a few thousand to be worth a summary, as a footer makes them.
  file.footer = std::string(500, 'f');
  file.footer_bytes = file.footer.size();
  return file;
}

std::vector<Event> TableOf(const std::vector<DataFile>& files) {
  std::vector<Event> events = {EncodeEvent({Id(1), lake_event::CreateTable{Def(), 0}})};
  for (const DataFile& file : files) {
    auto shared = std::make_shared<const DataFile>(file);
    events.push_back(EncodeEvent({file.id, lake_event::AddFile{Id(1), std::move(shared)}}));
  }
  return events;
}

std::vector<DataFile> Files(uint64_t count) {
  std::vector<DataFile> files;
  for (uint64_t i = 0; i < count; ++i) files.push_back(File(i));
  return files;
}

template <class T>
T Await(Task<T> task) {
  VirtualExecutor executor;
  return Block(executor, std::move(task));
}

// A base that a reader has not read further than it must.
struct Base {
  std::vector<StatePart> parts;
  std::vector<std::shared_ptr<CountedLines>> lines;
  int known = 0;  // Parts that the base before had.

  int reads() const {
    int sum = 0;
    for (const auto& some : lines) sum += some->reads;
    return sum;
  }
};

Base BaseOf(const FoldedState& state) {
  Base base;
  auto runs = Folder().Unfold(state);
  CHECK(runs.ok());
  for (StateRun& run : *runs) {
    if (run.lines != nullptr) {
      ++base.known;
      base.parts.push_back({{}, run.summary, run.lines});
      continue;
    }
    if (run.summary.empty()) {
      base.parts.push_back({std::move(run.events), "", nullptr});
      continue;
    }
    const std::string name = "part " + std::to_string(base.lines.size());
    base.lines.push_back(std::make_shared<CountedLines>(name, std::move(run.events)));
    base.parts.push_back({{}, run.summary, base.lines.back()});
  }
  return base;
}

TablePtr TableIn(const StatePtr& state) {
  return static_cast<const Catalog&>(*state).FindTable("main", "t");
}

// Of all that there is, whatever of it was read before.
std::string TextOf(const StatePtr& state) {
  const auto read = Await(Folder().Read(Context{}, state, [](const UnreadLines&) { return true; }));
  CHECK(read.ok());
  std::string text;
  for (const Event& event : UnfoldedEvents(Folder(), **read)) {
    text += event.id.ToString() + event.name + event.data + "\n";
  }
  return text;
}

Predicate Equal(const std::string& value) {
  Predicate predicate;
  predicate.kind = Kind::kEqual;
  predicate.field_id = 1;
  predicate.values = {value};
  return predicate;
}

TEST(FileList, ALargeTableIsFoldedWithoutItsFiles) {
  const auto whole = Folder().Fold(Folder().Empty(), TableOf(Files(3000)));
  ASSERT_TRUE(whole.ok()) << whole.status().ToString();
  const Base base = BaseOf(**whole);
  ASSERT_GE(base.lines.size(), 3u);
  const auto state = Folder().FoldBase(base.parts, nullptr);
  ASSERT_TRUE(state.ok()) << state.status().ToString();
  const TablePtr table = TableIn(*state);
  const TablePtr expected = TableIn(*whole);
  EXPECT_EQ(table->rows, expected->rows);
  EXPECT_EQ(table->files.size(), 3000u);
  EXPECT_EQ(table->files.bytes(), expected->files.bytes());
  EXPECT_EQ(table->next_row_id, expected->next_row_id);
  EXPECT_EQ(table->greatest_id, expected->greatest_id);
  EXPECT_EQ(base.reads(), 0);
  // A key takes one block, and that once.
  const std::string key = Byte(5) + Byte(7);
  for (int i = 0; i < 2; ++i) {
    const auto some = Await(table->files.Some(Context{}, [&](const FileBlock& block) {
      return MayMatch(Equal(key), *table->def, block.summary().all);
    }));
    ASSERT_TRUE(some.ok()) << some.status().ToString();
    EXPECT_EQ(
        std::ranges::count_if(
            *some, [&](const auto& file) { return MayMatch(Equal(key), *table->def, *file); }),
        1);
    EXPECT_EQ(base.reads(), 1);
  }
  EXPECT_EQ(TextOf(*state), TextOf(*whole));
}

TEST(FileList, FilesThatComeLaterStandInTheOrderOfTheirRows) {
  std::vector<DataFile> files = Files(2000);
  // Room for a file that a flush makes of rows that were there before.
  files.erase(files.begin() + 700);
  const auto whole = Folder().Fold(Folder().Empty(), TableOf(files));
  ASSERT_TRUE(whole.ok());
  const Base base = BaseOf(**whole);
  ASSERT_FALSE(base.lines.empty());
  const auto state = Folder().FoldBase(base.parts, nullptr);
  ASSERT_TRUE(state.ok());
  DataFile flushed = File(700);
  flushed.id = Id(10'000);
  flushed.row_id_column = true;
  const std::vector<Event> more = TableOf({flushed, File(20'000)});
  const auto after = Folder().Fold(*state, std::span(more).subspan(1));
  ASSERT_TRUE(after.ok()) << after.status().ToString();
  EXPECT_EQ(base.reads(), 0);
  EXPECT_EQ(TableIn(*after)->files.loose().size(), 2u);
  EXPECT_TRUE(TableIn(*state)->files.loose().empty());
  EXPECT_EQ(&TableIn(*after)->files.blocks(), &TableIn(*state)->files.blocks());
  const auto all = Await(TableIn(*after)->files.All(Context{}));
  ASSERT_TRUE(all.ok()) << all.status().ToString();
  EXPECT_EQ(all->size(), 2001u);
  EXPECT_EQ((*all)[700]->id, Id(10'000));
  EXPECT_TRUE(
      std::ranges::is_sorted(*all, {}, [](const auto& file) { return file->first_row_id; }));
}

TEST(FileList, AFileThatIsInABlockToo) {
  const auto whole = Folder().Fold(Folder().Empty(), TableOf(Files(2000)));
  ASSERT_TRUE(whole.ok());
  const auto state = Folder().FoldBase(BaseOf(**whole).parts, nullptr);
  ASSERT_TRUE(state.ok());
  DataFile again = File(3);
  again.first_row_id = 100'000;
  const std::vector<Event> more = TableOf({again});
  const auto after = Folder().Fold(*state, std::span(more).subspan(1));
  ASSERT_TRUE(after.ok()) << after.error().ToString();
  const Status all = Await(TableIn(*after)->files.All(Context{})).status();
  EXPECT_EQ(all.code(), StatusCode::kCorrupt);
  EXPECT_NE(all.message().find("twice"), std::string::npos) << all.message();
}

// What a process has read of a part it need not read again when another base names the part.
TEST(FileList, ABlockIsTheSameInTheNextBase) {
  const auto whole = Folder().Fold(Folder().Empty(), TableOf(Files(2000)));
  ASSERT_TRUE(whole.ok());
  const Base base = BaseOf(**whole);
  const auto state = Folder().FoldBase(base.parts, nullptr);
  ASSERT_TRUE(state.ok());
  ASSERT_TRUE(Await(TableIn(*state)->files.All(Context{})).ok());
  const auto next = Folder().FoldBase(base.parts, *state);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(TableIn(*next)->files.blocks(), TableIn(*state)->files.blocks());
  ASSERT_TRUE(Await(TableIn(*next)->files.All(Context{})).ok());
  EXPECT_EQ(base.reads(), static_cast<int>(base.lines.size()));
}

// Blocks stay as they are, but for small ones where others are made anyway.
TEST(FileList, SmallBlocksAreGatheredWithWhatCameSince) {
  const auto first = Folder().Fold(Folder().Empty(), TableOf(Files(400)));
  ASSERT_TRUE(first.ok());
  const Base base = BaseOf(**first);
  ASSERT_EQ(base.lines.size(), 1u);
  StatePtr state = *Folder().FoldBase(base.parts, nullptr);
  const auto add = [&](uint64_t begin, uint64_t end) {
    std::vector<DataFile> files;
    for (uint64_t i = begin; i < end; ++i) files.push_back(File(i));
    const std::vector<Event> events = TableOf(files);
    const auto after = Folder().Fold(state, std::span(events).subspan(1));
    ASSERT_TRUE(after.ok()) << after.error().ToString();
    state = *after;
  };
  add(400, 410);
  const auto same = Await(Folder().Gather(Context{}, state));
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(base.reads(), 0);
  const Base few = BaseOf(**same);
  EXPECT_EQ(few.lines.size(), 0u);
  EXPECT_EQ(few.known, 1);
  add(410, 800);
  const auto gathered = Await(Folder().Gather(Context{}, state));
  ASSERT_TRUE(gathered.ok());
  EXPECT_EQ(base.reads(), 1);
  const Base next = BaseOf(**gathered);
  EXPECT_EQ(next.lines.size(), 1u);
  EXPECT_EQ(next.known, 0);
  EXPECT_EQ(TableIn(*gathered)->files.size(), 800u);
  EXPECT_EQ(TextOf(*Folder().FoldBase(next.parts, nullptr)), TextOf(state));
}

// Files that come in any order become parts that share no key.
TEST(FileList, NearKeysAreInTheSamePart) {
  std::vector<DataFile> files = Files(4000);
  for (size_t i = 0; i < files.size(); ++i) {
    const DataFile other = File(i * 1237 % files.size());
    files[i].keys = other.keys;
    files[i].statistics = other.statistics;
  }
  const auto whole = Folder().Fold(Folder().Empty(), TableOf(files));
  ASSERT_TRUE(whole.ok());
  const auto state = Folder().FoldBase(BaseOf(**whole).parts, nullptr);
  ASSERT_TRUE(state.ok()) << state.error().ToString();
  const auto& blocks = TableIn(*state)->files.blocks();
  ASSERT_GE(blocks.size(), 3u);
  for (size_t i = 1; i < blocks.size(); ++i) {
    EXPECT_LT(blocks[i - 1]->summary().all.keys[0].max, blocks[i]->summary().all.keys[0].min);
  }
  EXPECT_EQ(TextOf(*state), TextOf(*whole));
}

// What a summary says is believed until its lines are read, and then compared.
TEST(FileList, ASummaryThatIsNotSoIsCorrupt) {
  std::vector<DataFilePtr> files;
  for (const DataFile& file : Files(5)) files.push_back(std::make_shared<const DataFile>(file));
  const FilesSummary right = Summarize(Id(1), files);
  auto lines = std::make_shared<CountedLines>("part", TableOf(Files(5)));
  lines->events.erase(lines->events.begin());
  const auto check = [&](const std::function<void(FilesSummary&)>& alter) {
    FilesSummary summary = right;
    alter(summary);
    const auto block = std::make_shared<const FileBlock>(Def(), std::move(summary), lines);
    return Await(FileBlock::Read(block, Context{})).status();
  };
  EXPECT_EQ(check([](FilesSummary&) {}), Status::Ok());
  const std::function<void(FilesSummary&)> wrong[] = {
      [](FilesSummary& s) { s.table = Id(2); },
      [](FilesSummary& s) { ++s.files; },
      [](FilesSummary& s) { --s.row_groups; },
      [](FilesSummary& s) { --s.next_row_id; },
      [](FilesSummary& s) { s.greatest_id = Id(3); },
      [](FilesSummary& s) { ++s.all.bytes; },
      [](FilesSummary& s) { --s.all.rows; },
      [](FilesSummary& s) { ++s.all.first_row_id; },
      [](FilesSummary& s) { *s.all.statistics[0].min += '\1'; },
      [](FilesSummary& s) { s.all.statistics[0].max->pop_back(); },
      [](FilesSummary& s) { s.all.statistics[0].max = "\xff"; },  // It is not exact then.
      [](FilesSummary& s) { --s.all.statistics[1].nulls; },
      [](FilesSummary& s) { s.all.statistics[1].exact = true; },
      [](FilesSummary& s) { s.all.statistics[1].field_id = 3; },
      [](FilesSummary& s) { s.all.keys[0].constraint = 1; },
      [](FilesSummary& s) { s.all.keys[0].min += '\1'; },
      [](FilesSummary& s) { s.all.keys[0].max.pop_back(); },
  };
  int number = 0;
  for (const auto& alter : wrong) {
    const Status status = check(alter);
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << number << ": " << status.ToString();
    ++number;
  }
  std::swap(lines->events[1], lines->events[2]);
  EXPECT_EQ(check([](FilesSummary&) {}).code(), StatusCode::kCorrupt);
}

TEST(FileList, ASummaryThatCannotBeIsCorruptAtOnce) {
  const auto whole = Folder().Fold(Folder().Empty(), TableOf(Files(2000)));
  ASSERT_TRUE(whole.ok());
  const Base base = BaseOf(**whole);
  const auto refused = [&](const std::string& what, const std::string& by) {
    std::vector<StatePart> parts = base.parts;
    for (StatePart& part : parts) {
      const size_t at = part.summary.find(what);
      if (at == std::string::npos) continue;
      part.summary.replace(at, what.size(), by);
      const Status status = Folder().FoldBase(parts, nullptr).status();
      EXPECT_EQ(status.code(), StatusCode::kCorrupt) << what << by << status.ToString();
      return;
    }
    ADD_FAILURE() << what;
  };
  refused(Id(1).ToString(), Id(2).ToString());
  refused("\"files\":", "\"files\":0,\"was\":");
  refused("\"files\":", "\"files\":1000000000000,\"was\":");
  refused("\"rows\":", "\"rows\":4611686018427387904,\"was\":");
  refused("\"next_row_id\":", "\"next_row_id\":1000000,\"was\":");
  refused("\"first_row_id\":", "\"first_row_id\":1000000,\"was\":");
  refused("\"files\":", "\"files\":[],\"was\":");
  refused("{", "[");
}

TEST(FileList, ASummaryIsSmall) {
  DataFile file = File(1);
  file.statistics.clear();
  for (uint32_t id = 1; id < 1000; ++id) {
    file.statistics.push_back({id, 1, std::string(32, 'a'), std::string(32, 'b'), false});
  }
  file.keys[0].max = std::string(5000, 'k');
  const FilesSummary summary = Summarize(Id(1), {std::make_shared<const DataFile>(file)});
  EXPECT_LE(EncodeSummary(summary).size(), kPartSummaryBytesMax);
  EXPECT_TRUE(summary.all.keys.empty());
  EXPECT_GT(summary.all.statistics.size(), 5u);
}

// Random files of few values, and random predicates over them.
class RandomFiles {
 public:
  explicit RandomFiles(uint64_t seed) : random_(seed) {}

  DataFilePtr Next() {
    DataFile file = File(random_.Below(1000));
    file.statistics.clear();
    file.keys.clear();
    for (const uint32_t id : {1U, 2U}) {
      if (random_.Below(10) > 0) file.statistics.push_back(Column(id));
    }
    if (random_.Below(10) > 0) file.keys.push_back({0, Value(0, 3), Value(3, 3), {}});
    return std::make_shared<const DataFile>(std::move(file));
  }

  Predicate Condition(int depth) {
    Predicate predicate;
    predicate.kind = static_cast<Kind>(random_.Below(static_cast<uint64_t>(Kind::kOr) + 1));
    predicate.field_id = static_cast<uint32_t>(1 + random_.Below(2));
    if (predicate.kind == Kind::kAnd || predicate.kind == Kind::kOr) {
      for (uint64_t i = depth > 0 ? random_.Below(3) : 0; i > 0; --i) {
        predicate.children.push_back(Condition(depth - 1));
      }
      return predicate;
    }
    predicate.values = {Value(0, 7)};
    return predicate;
  }

 private:
  ColumnStatistics Column(uint32_t id) {
    ColumnStatistics column{id, random_.Below(3), Value(0, 3), Value(3, 3), random_.Below(2) == 0};
    if (random_.Below(4) == 0) column = {id, 10, std::nullopt, std::nullopt, false};
    if (random_.Below(8) == 0) column.min.reset();
    if (random_.Below(8) == 0) column.max.reset();
    return column;
  }
  std::string Value(uint64_t from, uint64_t count) { return Byte(from + random_.Below(count)); }

  SeededRandom random_;
};

TEST(FileList, ASummaryRulesOutOnlyWhatEachOfItsFilesRulesOut) {
  const auto def = Def();
  int ruled_out = 0;
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    RandomFiles random(seed);
    std::vector<DataFilePtr> files;
    for (uint64_t i = 0; i <= seed % 4; ++i) files.push_back(random.Next());
    const FilesSummary summary = Summarize(Id(1), files);
    for (int i = 0; i < 10; ++i) {
      const Predicate predicate = random.Condition(2);
      if (MayMatch(predicate, *def, summary.all)) continue;
      ++ruled_out;
      for (const DataFilePtr& file : files) {
        ASSERT_FALSE(MayMatch(predicate, *def, *file)) << "seed " << seed;
      }
    }
  }
  EXPECT_GT(ruled_out, 1000);
}

}  // namespace
}  // namespace duckpond
