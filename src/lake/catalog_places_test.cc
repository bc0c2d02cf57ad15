// SPDX-License-Identifier: MIT
//
// Which table each line of a folded catalog belongs to: what the parts of a large one are named by.
#include <gtest/gtest.h>

#include <algorithm>

#include "lake/catalog_folder.h"
#include "tests/support/lake_fixture.h"

namespace duckpond {
namespace {

class CatalogPlaces : public LakeFixture {};

TEST_F(CatalogPlaces, EachLineOfABaseHasThePlaceOfItsTable) {
  auto transaction = Begin();
  ASSERT_EQ(transaction->CreateSchema({{}, "S2", ""}), Status::Ok());
  for (const char* name : {"b", "A", "c"}) {
    ASSERT_EQ(transaction->CreateTable(MakeTable(name)), Status::Ok());
  }
  TableDef elsewhere = MakeTable("t");
  elsewhere.schema = "S2";
  ASSERT_EQ(transaction->CreateTable(elsewhere), Status::Ok());
  ASSERT_EQ(transaction->SetOption(std::string(kOptionInlineBytes), "300"), Status::Ok());
  ASSERT_EQ(Commit(*transaction), Status::Ok());
  ASSERT_EQ(InsertFileNow(here_, "b", {{1, "x"}}), Status::Ok());
  ASSERT_EQ(InsertFileNow(here_, "b", {{2, "x"}}), Status::Ok());
  ASSERT_EQ(InsertNow(*here_.pond, "b", {{3, "x"}}), Status::Ok());

  const auto catalog = Await(here_.pond->Latest(Context{}))->catalog;
  const auto& folder = CatalogFolder::Instance();
  std::string text;
  std::vector<std::string> places;
  const auto runs = folder.Unfold(*catalog);
  ASSERT_TRUE(runs.ok());
  std::vector<Event> events;
  for (const StateRun& run : *runs) {
    EXPECT_EQ(run.summary, "");
    places.insert(places.end(), run.events.size(), run.place);
    events.insert(events.end(), run.events.begin(), run.events.end());
  }
  EXPECT_TRUE(std::ranges::is_sorted(places));
  for (size_t i = 0; i < events.size(); ++i) {
    std::string place = places[i];
    std::ranges::replace(place, '\x01', '/');
    text += events[i].name + " " + place + "\n";
  }
  EXPECT_EQ(text,
            "set_option \n"
            "create_table main/a\n"
            "create_table main/b\n"
            "add_file main/b\n"
            "add_file main/b\n"
            "add_rows main/b\n"
            "create_table main/c\n"
            "create_schema s2\n"
            "create_table s2/t\n");
}

}  // namespace
}  // namespace duckpond
