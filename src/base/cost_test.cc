// SPDX-License-Identifier: MIT
#include "base/cost.h"

#include <gtest/gtest.h>

namespace duckpond {
namespace {

TEST(CostLedgerTest, RequestsInFlightTogetherAreOneRoundTrip) {
  CostLedger ledger;
  const CostLedger::Place first = ledger.Begin();
  const CostLedger::Place second = ledger.Begin();
  ledger.End(first, {.bytes_read = 10});
  ledger.End(second, {.bytes_read = 20});
  EXPECT_EQ(ledger.Total().round_trips, 1U);
  EXPECT_EQ(ledger.Total().gets, 2U);
  EXPECT_EQ(ledger.Total().bytes_read, 30U);
}

TEST(CostLedgerTest, ARequestThatStartsAfterAnotherEndedIsOneMore) {
  CostLedger ledger;
  const CostLedger::Place slow = ledger.Begin();
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
  const CostLedger::Place under_way = ledger.Begin();
  EXPECT_EQ(ledger.Take().round_trips, 5U);
  ledger.End(under_way, {});
  EXPECT_EQ(ledger.Total().gets, 1U);
  EXPECT_EQ(ledger.Total().round_trips, 1U);
  ledger.End(ledger.Begin(), {});
  EXPECT_EQ(ledger.Total().round_trips, 2U);
}

TEST(CostLedgerTest, WhatIsEnteredIsEnteredAboveInItsOwnChain) {
  const auto statement = std::make_shared<CostLedger>();
  statement->End(statement->Begin(), {});
  CostLedger scan({nullptr, statement});
  scan.End(scan.Begin(), {.kind = RequestKind::kPut, .bytes_written = 5, .usd = 0.25});
  EXPECT_EQ(scan.Total().round_trips, 1U);
  EXPECT_EQ(scan.Total().requests(), 1U);
  EXPECT_EQ(statement->Total().round_trips, 2U);
  EXPECT_EQ(statement->Total().requests(), 2U);
  EXPECT_EQ(statement->Total().bytes_written, 5U);
  EXPECT_EQ(statement->Total().usd, 0.25);
}

TEST(CostLedgerTest, WhatNobodyWaitsForIsNoRoundTrip) {
  const auto statement = std::make_shared<CostLedger>();
  CostLedger behind({statement}, CostLedger::Waits::kNobody);
  behind.End(behind.Begin(), {.kind = RequestKind::kDelete});
  EXPECT_EQ(statement->Total().deletes, 1U);
  EXPECT_EQ(statement->Total().round_trips, 0U);
}

TEST(CostLedgerTest, BytesAloneAreNoRequestAndNoRoundTrip) {
  CostLedger ledger;
  ledger.End(ledger.Begin(), {.requests = 0, .bytes_read = 9});
  EXPECT_EQ(ledger.Total().requests(), 0U);
  EXPECT_EQ(ledger.Total().round_trips, 0U);
  EXPECT_EQ(ledger.Total().bytes_read, 9U);
}

}  // namespace
}  // namespace duckpond
