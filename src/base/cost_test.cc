// SPDX-License-Identifier: MIT
#include "base/cost.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

TEST(CostLedgerTest, RequestsInFlightTogetherAreOneRoundTrip) {
  CostLedger ledger;
  const uint64_t first = ledger.Begin();
  const uint64_t second = ledger.Begin();
  ledger.End(first, {.bytes_read = 10});
  ledger.End(second, {.bytes_read = 20});
  EXPECT_EQ(ledger.Total().round_trips, 1U);
  EXPECT_EQ(ledger.Total().gets, 2U);
  EXPECT_EQ(ledger.Total().bytes_read, 30U);
}

TEST(CostLedgerTest, ARequestThatStartsAfterAnotherEndedIsOneMore) {
  CostLedger ledger;
  const uint64_t slow = ledger.Begin();
  for (int i = 0; i < 3; ++i) ledger.End(ledger.Begin(), {.kind = RequestKind::kPut});
  ledger.End(slow, {});
  EXPECT_EQ(ledger.Total().round_trips, 3U);
}

TEST(CostLedgerTest, TakeStartsAgainFromNothing) {
  CostLedger ledger;
  ledger.End(ledger.Begin(), {.kind = RequestKind::kDelete, .usd = 0.5});
  EXPECT_EQ(ledger.Take().deletes, 1U);
  EXPECT_EQ(ledger.Total().deletes, 0U);
  EXPECT_EQ(ledger.Total().round_trips, 0U);
}

TEST(CostLedgerTest, JsonHasTheDocumentedShape) {
  CostLedger ledger;
  ledger.End(ledger.Begin(), {.kind = RequestKind::kList, .bytes_read = 7, .usd = 0.000005});
  EXPECT_EQ(ledger.Total().ToJson(),
            R"({"requests":{"get":0,"put":0,"delete":0,"list":1},"round_trips":1,)"
            R"("bytes_read":7,"bytes_written":0,"usd":0.000005000})");
}

TEST(CostLedgerTest, ARequestOfTheTimeBeforeTakeDoesNotBringItsChainAlong) {
  CostLedger ledger;
  for (int i = 0; i < 5; ++i) ledger.End(ledger.Begin(), {});
  const uint64_t under_way = ledger.Begin();
  EXPECT_EQ(ledger.Take().round_trips, 5U);
  ledger.End(under_way, {});
  EXPECT_EQ(ledger.Total().gets, 1U);
  EXPECT_EQ(ledger.Total().round_trips, 1U);
  ledger.End(ledger.Begin(), {});
  EXPECT_EQ(ledger.Total().round_trips, 2U);
}

}  // namespace
}  // namespace duckpond
