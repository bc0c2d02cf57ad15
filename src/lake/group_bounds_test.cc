// SPDX-License-Identifier: MIT
#include "lake/group_bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace duckpond {
namespace {

RowGroup Group(std::string min, std::string max) {
  RowGroup group;
  group.key_min = std::move(min);
  group.key_max = std::move(max);
  return group;
}

TEST(GroupBounds, CutToWhatTellsNeighboursApart) {
  std::vector<RowGroup> groups = {Group("aaaa", "abcd"), Group("bxyz", "bzzz"),
                                  Group("cccc", "dddd")};
  CutGroupBounds(groups);
  EXPECT_EQ(groups[0].key_min, "aaaa");
  EXPECT_EQ(groups[0].key_max, "b");
  EXPECT_EQ(groups[1].key_min, "bx");
  EXPECT_EQ(groups[1].key_max, "c");
  EXPECT_EQ(groups[2].key_min, "cc");
  EXPECT_EQ(groups[2].key_max, "dddd");
}

TEST(GroupBounds, NeighboursThatDifferLateKeepAllTheirBytes) {
  std::vector<RowGroup> groups = {Group("a1", "a2"), Group("a3", "a\xff\xff"), Group("b", "c")};
  CutGroupBounds(groups);
  EXPECT_EQ(groups[0].key_max, "a2");
  EXPECT_EQ(groups[1].key_min, "a3");
  EXPECT_EQ(groups[1].key_max, "a\xff\xff");
}

TEST(GroupBounds, GroupsWithoutBoundsOrOutOfOrderStay) {
  std::vector<RowGroup> groups = {Group("m", "nnnn"), Group("", ""), Group("x", "zzzz"),
                                  Group("yyyy", "zzzzz")};
  CutGroupBounds(groups);
  EXPECT_EQ(groups[0].key_max, "nnnn");
  EXPECT_EQ(groups[1].key_max, "");
  EXPECT_EQ(groups[2].key_max, "zzzz");
  EXPECT_EQ(groups[3].key_min, "yyyy");
}

TEST(GroupBounds, KeysThatBeginAlikeForLongAreCutBehindThat) {
  const std::string alike(300'000, 'k');
  std::vector<RowGroup> groups = {Group(alike + "a", alike + "bx"),
                                  Group(alike + "dx", alike + "e")};
  CutGroupBounds(groups);
  EXPECT_EQ(groups[0].key_max, alike + "c");
  EXPECT_EQ(groups[1].key_min, alike + "d");
}

// Whatever the keys: each group's lie within its bounds, and no other group's do.
TEST(GroupBounds, HoldTheirOwnKeysAndNoOthers) {
  SeededRandom random(7);
  for (int round = 0; round < 500; ++round) {
    std::set<std::string> keys;
    while (keys.size() < 40) {
      std::string key;
      // Few different bytes, both ends of them among these: long common beginnings, and carries.
      const uint64_t length = 1 + random.Below(6);
      for (uint64_t i = 0; i < length; ++i) key += "\x00\x01\x7f\xfe\xff"[random.Below(5)];
      keys.insert(key);
    }
    const std::vector<std::string> sorted(keys.begin(), keys.end());
    std::vector<RowGroup> groups;
    for (size_t i = 0; i < sorted.size(); i += 8) groups.push_back(Group(sorted[i], sorted[i + 7]));
    CutGroupBounds(groups);
    for (size_t i = 0; i < sorted.size(); ++i) {
      for (size_t group = 0; group < groups.size(); ++group) {
        const bool within =
            groups[group].key_min <= sorted[i] && sorted[i] <= groups[group].key_max;
        ASSERT_EQ(within, group == i / 8) << "round " << round;
      }
    }
  }
}

}  // namespace
}  // namespace duckpond
