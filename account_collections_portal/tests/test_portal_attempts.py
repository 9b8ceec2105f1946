from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields, sql_db
from odoo.tests import TransactionCase, tagged

from ..models.collection_portal_attempt import MOST

VISITOR = "203.0.113.77"


@tagged("post_install", "-at_install")
class TestPortalAttempts(TransactionCase):
    """What an address sends is counted for all server processes together: with real transactions, side by side."""

    def setUp(self):
        super().setUp()
        self.forget()
        self.addCleanup(self.forget)

    def forget(self):
        with self.env.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            signed = [env["collection.portal.attempt"]._sign(address) for address in (VISITOR, None)]
            env["collection.portal.attempt"].search([("address", "in", signed)]).unlink()

    def worker(self):
        """Return the table as a process sees it whose request began just now and is not over yet."""
        cr = self.env.registry.cursor()
        self.addCleanup(cr.close)
        cr.execute("SELECT 1")  # from here on this transaction does not see what others write
        return api.Environment(cr, SUPERUSER_ID, {})["collection.portal.attempt"]

    def test_two_processes_count_together(self):
        workers = [self.worker(), self.worker()]
        counted = [workers[number % 2]._count("act", VISITOR) for number in range(MOST["act"] + 4)]
        self.assertEqual(counted, [True] * MOST["act"] + [False] * 4)
        self.assertTrue(workers[0]._count("renewal", VISITOR), "each kind on its own")
        self.assertTrue(workers[1]._count("act", None), "each address on its own")

    def test_it_counts_whatever_becomes_of_the_request(self):
        worker = self.worker()
        for _time in range(MOST["guess"]):
            worker._count("guess", VISITOR)
        worker.env.cr.rollback()
        self.assertFalse(self.worker()._count("guess", VISITOR))

    def test_who_has_a_whole_network_counts_as_one(self):
        sign = self.env["collection.portal.attempt"]._sign
        self.assertEqual(sign("2001:db8:1:2::1"), sign("2001:db8:1:2:ffff::9"))
        self.assertEqual(sign("::ffff:203.0.113.77"), sign(VISITOR))
        self.assertEqual(len({sign(address) for address in ("2001:db8:1:3::1", "2001:db8:1:2::1", VISITOR, None)}), 4)

    def test_what_is_a_day_old_is_forgotten_in_batches(self):
        attempts = self.env["collection.portal.attempt"].sudo()
        old = fields.Datetime.now() - timedelta(days=2)
        attempts.create([{"kind": "guess", "address": str(number), "tried_at": old} for number in range(3)])
        with patch("odoo.addons.account_collections_portal.models.collection_portal_attempt._GC_BATCH", 2):
            self.assertEqual([attempts._gc_attempts() for _time in range(3)], [(2, 1), (1, 0), (0, 0)])

    def test_many_at_the_same_moment_are_hardly_more_than_allowed(self):
        workers = [self.worker() for _worker in range(4)]

        def send(worker):
            return sum(worker._count("renewal", VISITOR) for _time in range(4))

        with ThreadPoolExecutor(len(workers)) as pool:
            done = sum(pool.map(send, workers))
        self.assertGreaterEqual(done, MOST["renewal"])
        self.assertLess(done, MOST["renewal"] + len(workers))

    def test_counting_is_one_statement(self):
        attempts = self.env["collection.portal.attempt"]
        attempts._count("act", VISITOR)  # the secret of the database is known then
        before = sql_db.sql_counter
        attempts._count("act", VISITOR)
        self.assertEqual(sql_db.sql_counter - before, 1)
