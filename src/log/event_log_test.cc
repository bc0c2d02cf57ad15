// SPDX-License-Identifier: MIT
//
// The rules of the event log as a user of it sees them, on a store that works.
#include "log/event_log.h"

#include <gtest/gtest.h>

#include "tests/support/log_fixture.h"

namespace duckpond {
namespace {

class EventLogTest : public LogFixture {};

TEST_F(EventLogTest, ACommitIsSeenByEveryReaderOnceItReturned) {
  ASSERT_EQ(Create(), Status::Ok());
  const auto receipt = Put("a", "1");
  ASSERT_TRUE(receipt.ok()) << receipt.error().ToString();
  EXPECT_EQ(receipt->version, 1u);
  const auto seen = Await(OpenOther()->Latest(Context{}));
  ASSERT_TRUE(seen.ok()) << seen.error().ToString();
  EXPECT_EQ(seen->version, 1u);
  EXPECT_EQ(seen->time_us, receipt->time_us);
  EXPECT_EQ(SetText(seen->state), "a=1");
}

}  // namespace
}  // namespace duckpond
