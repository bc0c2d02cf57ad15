// SPDX-License-Identifier: MIT
#include "lake/catalog_folder.h"

#include <gtest/gtest.h>

#include "lake/catalog_builder.h"
#include "lake/event_kinds.h"
#include "tests/support/test_rows.h"
#include "tests/support/unfolded.h"

namespace duckpond {
namespace {

const CatalogFolder& Folder() { return CatalogFolder::Instance(); }

Uuid Id(int n) {
  Uuid id;
  id.bytes[15] = static_cast<uint8_t>(n);
  id.bytes[6] = 0x70;
  return id;
}

TableDef SampleTable() {
  TableDef def;
  def.id = Id(1);
  def.schema = "main";
  def.name = "T \"1\"";
  def.comment = "a comment";
  def.tags = {{"k", "v"}};
  Column id;
  id.field_id = 1;
  id.name = "Id";
  id.type = ScalarType(TypeId::kBigint);
  id.not_null = true;
  Column nested;
  nested.field_id = 2;
  nested.nested_ids = {3, 4, 5};
  nested.name = "n";
  nested.type = *Type::Parse("STRUCT(a INTEGER, b VARCHAR[])");
  nested.default_sql = "NULL";
  nested.comment = "nested";
  def.columns = {id, nested};
  def.next_field_id = 6;
  Constraint key;
  key.kind = Constraint::Kind::kPrimaryKey;
  key.field_ids = {1};
  Constraint check;
  check.check_sql = "(\"Id\" > 0)";
  Constraint foreign;
  foreign.kind = Constraint::Kind::kForeignKey;
  foreign.field_ids = {1};
  foreign.references = {"main", "other", {"x", "y"}};
  def.constraints = {key, check, foreign};
  return def;
}

DataFile SampleFile() {
  DataFile file;
  file.id = Id(2);
  file.path = "data/x/y.parquet";
  file.bytes = 1000;
  file.footer_bytes = 4;
  file.checksum_bytes = 2;
  file.checksum = 0xfedcba9876543210;
  file.rows = 10;
  file.statistics = {{1, 0, std::string("\0a", 2), std::string("\xff"), true},
                     {2, 10, std::nullopt, std::nullopt, false}};
  file.keys = {{0, "a", "b", {7, uint64_t{1} << 63}}};
  file.row_groups = {{4, 500, 10, "a", "b"}};
  file.footer = std::string("\0footr", 6);
  return file;
}

InlineRows SampleRows(int id, uint64_t first_row_id) {
  InlineRows rows;
  rows.id = Id(id);
  rows.rows = 2;
  rows.first_row_id = first_row_id;
  rows.encoded = MakeBatch({{1, "a"}, {2, "b"}}).Encode();
  return rows;
}

template <class T>
LakeChange AddTo(const T& thing, uint64_t first_row_id);
template <>
LakeChange AddTo(const DataFile& file, uint64_t first_row_id) {
  auto shared = std::make_shared<DataFile>(file);
  shared->first_row_id = first_row_id;
  return {file.id, lake_event::AddFile{Id(1), shared}};
}
template <>
LakeChange AddTo(const InlineRows& rows, uint64_t first_row_id) {
  auto shared = std::make_shared<InlineRows>(rows);
  shared->first_row_id = first_row_id;
  return {rows.id, lake_event::AddRows{Id(1), shared}};
}

LakeChange CreateSample() {
  return {Id(1), lake_event::CreateTable{std::make_shared<TableDef>(SampleTable()), 0}};
}

std::vector<Event> Encoded(const std::vector<LakeChange>& changes) {
  std::vector<Event> events;
  for (const LakeChange& change : changes) events.push_back(EncodeEvent(change));
  return events;
}

Result<CatalogPtr> FoldAll(const std::vector<Event>& events) {
  auto state = Folder().Fold(Folder().Empty(), events);
  if (!state.ok()) return std::move(state).error();
  return std::static_pointer_cast<const Catalog>(*state);
}

std::string TextOf(const std::vector<Event>& events) {
  std::string text;
  for (const Event& event : events) text += event.id.ToString() + event.name + event.data + "\n";
  return text;
}

// One of everything.
std::vector<LakeChange> SampleChanges() {
  ViewDef view;
  view.id = Id(4);
  view.schema = "S2";
  view.name = "v";
  view.sql = "SELECT 1";
  view.column_comments = {{"c", "comment"}};
  SchemaDef schema{Id(5), "S2", "second"};
  lake_event::SetComment on_main{lake_event::SetComment::On::kSchema, "main", "", {}, 0, "", "hi"};
  lake_event::SetComment on_column{
      lake_event::SetComment::On::kColumn, "main", "T \"1\"", Id(1), 1, "Id", "the key"};
  return {{Id(9), lake_event::SetOption{"inline_bytes", "7"}},
          {Id(5), lake_event::CreateSchema{schema}},
          {Id(4), lake_event::CreateView{std::make_shared<ViewDef>(view)}},
          CreateSample(),
          {Id(10), on_main},
          {Id(11), on_column},
          AddTo(SampleFile(), 0),
          AddTo(SampleRows(3, 0), 10)};
}

TEST(CatalogFolder, EverythingComesBackFromItsEvents) {
  const auto catalog = FoldAll(Encoded(SampleChanges()));
  ASSERT_TRUE(catalog.ok()) << catalog.status().ToString();
  const TablePtr table = (*catalog)->FindTable("MAIN", "t \"1\"");
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table, (*catalog)->FindTable(Id(1)));
  EXPECT_EQ(table->rows, 12u);
  EXPECT_EQ(table->next_row_id, 12u);
  EXPECT_EQ(table->inline_bytes, (*catalog)->inline_bytes);
  EXPECT_GT(table->inline_bytes, 0u);
  const TableDef& def = *table->def;
  EXPECT_EQ(def.name, "T \"1\"");
  EXPECT_EQ(def.columns[0].comment, "the key");
  EXPECT_EQ(def.columns[1].type, SampleTable().columns[1].type);
  EXPECT_EQ(def.columns[1].nested_ids, (std::vector<uint32_t>{3, 4, 5}));
  EXPECT_EQ(def.columns[1].default_sql, "NULL");
  EXPECT_EQ(def.constraints[2].references.columns, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(def.constraints[1].check_sql, "(\"Id\" > 0)");
  EXPECT_EQ(def.tags.at("k"), "v");
  const DataFile& file = *table->files.loose()[0];
  EXPECT_EQ(file.statistics[0].min, std::string("\0a", 2));
  EXPECT_TRUE(file.statistics[0].exact);
  EXPECT_EQ(file.statistics[1].max, std::nullopt);
  EXPECT_EQ(file.keys[0].hashes, (std::vector<uint64_t>{7, uint64_t{1} << 63}));
  EXPECT_EQ(file.row_groups[0].bytes, 500u);
  EXPECT_EQ(file.footer, std::string("\0footr", 6));
  EXPECT_EQ(file.checksum_bytes, 2u);
  EXPECT_EQ(file.checksum, 0xfedcba9876543210);
  EXPECT_EQ((*catalog)->FindView("s2", "V")->column_comments.at("c"), "comment");
  EXPECT_EQ((*catalog)->FindSchema("s2")->def.comment, "second");
  EXPECT_EQ((*catalog)->FindSchema("main")->def.comment, "hi");
  EXPECT_EQ((*catalog)->NumberOption("inline_bytes", 1), 7u);
}

TEST(CatalogFolder, UnfoldedEventsFoldIntoTheSameState) {
  const auto catalog = FoldAll(Encoded(SampleChanges()));
  ASSERT_TRUE(catalog.ok());
  const std::vector<Event> events = UnfoldedEvents(Folder(), **catalog);
  const auto again = FoldAll(events);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(TextOf(UnfoldedEvents(Folder(), **again)), TextOf(events));
  // Row ids go on where they were, also when the last rows are gone.
  EXPECT_EQ((*again)->FindTable(Id(1))->next_row_id, 12u);
}

TEST(CatalogFolder, AFoldSharesWhatItDoesNotTouch) {
  const auto before = FoldAll(Encoded(SampleChanges()));
  ASSERT_TRUE(before.ok());
  const std::vector<Event> more = Encoded({AddTo(SampleRows(20, 0), 12)});
  const auto state = Folder().Fold(*before, more);
  ASSERT_TRUE(state.ok());
  const auto& after = static_cast<const Catalog&>(**state);
  EXPECT_EQ((*before)->FindTable(Id(1))->rows, 12u);
  EXPECT_EQ(after.FindTable(Id(1))->rows, 14u);
  EXPECT_EQ(after.FindSchema("s2"), (*before)->FindSchema("s2"));
  EXPECT_EQ(&after.FindTable(Id(1))->files.loose(), &(*before)->FindTable(Id(1))->files.loose());
  EXPECT_EQ(after.places, (*before)->places);
}

TEST(CatalogFolder, AFlushMovesRowsAndKeepsTheirCount) {
  std::vector<LakeChange> changes = SampleChanges();
  DataFile flushed = SampleFile();
  flushed.id = Id(30);
  flushed.rows = 2;
  flushed.statistics.clear();
  flushed.row_id_column = true;
  changes.push_back(AddTo(flushed, 10));
  changes.push_back({Id(31), lake_event::FlushRows{Id(1), 10, 12, 2}});
  const auto catalog = FoldAll(Encoded(changes));
  ASSERT_TRUE(catalog.ok()) << catalog.status().ToString();
  const TablePtr table = (*catalog)->FindTable(Id(1));
  EXPECT_EQ(table->rows, 12u);
  EXPECT_EQ(table->next_row_id, 12u);
  EXPECT_TRUE(table->inline_rows.empty());
  EXPECT_EQ(table->files.size(), 2u);
  EXPECT_EQ((*catalog)->inline_bytes, 0u);
  const std::vector<Event> events = UnfoldedEvents(Folder(), **catalog);
  const auto again = FoldAll(events);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(TextOf(UnfoldedEvents(Folder(), **again)), TextOf(events));
}

TEST(CatalogFolder, EventsThatCannotBeAreCorruptAndNamed) {
  const auto refused = [](LakeChange change, const std::string& named) {
    std::vector<LakeChange> changes = SampleChanges();
    changes.push_back(std::move(change));
    const auto catalog = FoldAll(Encoded(changes));
    ASSERT_FALSE(catalog.ok()) << named;
    EXPECT_EQ(catalog.error().code(), StatusCode::kCorrupt) << catalog.error().ToString();
    EXPECT_NE(catalog.error().message().find(named), std::string::npos)
        << catalog.error().message();
  };
  refused(AddTo(SampleFile(), 12), "has it already");
  refused(AddTo(SampleRows(20, 0), 11), "overlap");
  DataFile file = SampleFile();
  file.id = Id(20);
  file.rows = 0;
  refused(AddTo(file, 12), "T \"1\"");
  file.rows = 3;
  file.statistics.clear();
  file.footer = "x";
  refused(AddTo(file, 12), "footer");
  file.footer.clear();
  file.row_groups[0].bytes = 997;
  refused(AddTo(file, 12), "row group");
  file.row_groups.clear();
  file.keys[0].constraint = 1;
  refused(AddTo(file, 12), "unknown key");
  file.keys.clear();
  file.row_id_column = true;
  refused(AddTo(file, 12), "never given");
  refused({Id(20), lake_event::DropTable{Id(77), "main", "gone"}}, "gone");
  refused({Id(20), lake_event::DropView{Id(1), "main", "t"}}, "no view");
  refused({Id(20), lake_event::DropSchema{Id(5), "S2"}}, "not empty");
  refused({Id(20), lake_event::DropSchema{{}, "main"}}, "main");
  refused({Id(20), lake_event::CreateSchema{{Id(20), "MAIN", ""}}}, "exists");
  refused({Id(20), lake_event::FlushRows{Id(1), 10, 12, 3}}, "event says 3");
  refused(CreateSample(), "exists already");
  auto def = std::make_shared<TableDef>(SampleTable());
  def->name = "v";
  def->schema = "s2";
  refused({Id(21), lake_event::CreateTable{def, 0}}, "exists already");
  def->name = "w";
  refused({Id(4), lake_event::CreateTable{def, 0}}, "taken");
  def->columns[1].field_id = 1;
  refused({Id(21), lake_event::CreateTable{def, 0}}, "used twice");
}

TEST(CatalogFolder, AnUnknownKindIsUnsupported) {
  const std::vector<Event> events = {{Id(1), "repaint", "{}", false}};
  EXPECT_EQ(FoldAll(events).status().code(), StatusCode::kUnsupported);
  EXPECT_FALSE(Folder().Knows("repaint"));
  for (const EventKind& kind : EventKinds()) EXPECT_TRUE(Folder().Knows(kind.name));
}

TEST(CatalogFolder, BrokenDataIsCorrupt) {
  for (const EventKind& kind : EventKinds()) {
    for (const char* data : {"", "[]", "{\"table\":1}", "{", "{\"name\":{}}", "{\"schema\":[]}"}) {
      const std::vector<Event> events = {{Id(1), std::string(kind.name), data, false}};
      EXPECT_EQ(FoldAll(events).status().code(), StatusCode::kCorrupt) << kind.name << data;
    }
  }
}

// What log() shows as columns is what is written.
TEST(EventKinds, NameAllFieldsThatAreWritten) {
  std::vector<LakeChange> changes = SampleChanges();
  changes.push_back({Id(31), lake_event::FlushRows{Id(1), 10, 12, 2}});
  changes.push_back({Id(32), lake_event::DropTable{Id(1), "main", "t"}});
  changes.push_back({Id(33), lake_event::DropView{Id(4), "main", "v"}});
  changes.push_back({Id(34), lake_event::DropSchema{Id(5), "S2"}});
  size_t kinds = 0;
  for (const EventKind& kind : EventKinds()) {
    bool seen = false;
    for (const LakeChange& change : changes) {
      if (NameOf(change.event) != kind.name) continue;
      seen = true;
      const Event event = EncodeEvent(change);
      for (const EventField& field : kind.fields) {
        const bool optional = field.name == "next_row_id" || field.name == "format" ||
                              field.name == "row_ids" || field.name == "column_id" ||
                              field.name == "column" || field.name == "comment" ||
                              field.name == "name";
        EXPECT_TRUE(optional ||
                    event.data.find("\"" + std::string(field.name) + "\":") != std::string::npos)
            << kind.name << "." << field.name << " " << event.data;
      }
    }
    EXPECT_TRUE(seen) << kind.name;
    ++kinds;
  }
  EXPECT_EQ(kinds, std::variant_size_v<LakeEvent>);
}

}  // namespace
}  // namespace duckpond
