# SPDX-License-Identifier: MIT
"""The checker itself: a checker that cannot fail proves nothing."""
import types
import unittest

import rounds
import worker

SEED = 7


def rows_of(writer, txn):
    count, payload = worker.plan(SEED, writer, txn)
    return (writer, txn, count, count, payload + "0", count - 1), (writer, txn, count, count)


class FaultsTest(unittest.TestCase):
    def setUp(self):
        self.writers = [types.SimpleNamespace(number=number, tried={0, 1, 2}, done={0, 1})
                        for number in range(2)]
        pairs = [rows_of(writer, txn) for writer in range(2) for txn in range(2)]
        self.plain, self.keyed = [list(side) for side in zip(*pairs)]

    def kinds(self):
        faults = rounds.faults_of(self.writers, SEED, self.plain, self.keyed)
        return [fault.partition(":")[0] for fault in faults]

    def test_all_acknowledged_and_nothing_else_is_right(self):
        self.assertEqual(self.kinds(), [])

    def test_unacknowledged_transaction_may_be_there_whole(self):
        plain, keyed = rows_of(1, 2)
        self.plain.append(plain)
        self.keyed.append(keyed)
        self.assertEqual(self.kinds(), [])

    def test_unacknowledged_transaction_in_one_table_is_torn(self):
        self.keyed.append(rows_of(1, 2)[1])
        self.assertEqual(self.kinds(), ["TORN"])

    def test_acknowledged_transaction_that_is_missing_is_lost(self):
        del self.plain[0], self.keyed[0]
        self.assertEqual(self.kinds(), ["LOST"])

    def test_rows_that_came_twice_are_doubled(self):
        writer, txn, count, *rest = self.plain[0]
        self.plain[0] = (writer, txn, 2 * count, *rest)
        self.assertEqual(self.kinds(), ["DOUBLED"])

    def test_part_of_a_transaction_is_torn(self):
        writer, txn, count, _, payload, last = self.plain[0]
        self.plain[0] = (writer, txn, count - 1, count - 1, payload, last)
        self.assertEqual(self.kinds(), ["TORN"])

    def test_altered_payload_is_torn(self):
        self.plain[0] = (*self.plain[0][:4], "0", self.plain[0][5])
        self.assertEqual(self.kinds(), ["TORN"])

    def test_transaction_that_nobody_tried_is_invented(self):
        for writer, txn in ((0, 3), (2, 0)):
            plain, keyed = rows_of(writer, txn)
            self.plain.append(plain)
            self.keyed.append(keyed)
        self.assertEqual(self.kinds(), ["INVENTED", "INVENTED"])


if __name__ == "__main__":
    unittest.main()
