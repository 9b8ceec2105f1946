from contextlib import contextmanager
from datetime import date, datetime, timedelta

from freezegun import freeze_time

from .common import TODAY, CollectionsCase
from .kpi_common import FEB, JAN, MAR, KpiCase


class TestDigest(CollectionsCase):
    """Collections in Odoo's digest mails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.customer("Buyer")
        # The three months of each figure are known: something was booked before them.
        cls.pay(cls.invoice(cls.buyer, 10, due=TODAY - timedelta(days=200)), on=TODAY - timedelta(days=200))
        bill = cls.invoice(cls.buyer, 100, due=TODAY - timedelta(days=20))
        cls.invoice(cls.buyer, 300, due=TODAY + timedelta(days=20), issued=TODAY - timedelta(days=10))
        cls.pay(bill, 20, on=TODAY - timedelta(days=3))
        cls.pay(bill, 5, on=TODAY - timedelta(days=9))
        cls.digest = cls.env.ref("account_collections_auto.collection_digest")
        cls.digest.company_id = cls.company

    def figures(self, user, until=TODAY):
        digest = self.digest.with_user(user).with_context(
            start_datetime=until - timedelta(days=7), end_datetime=until, allowed_company_ids=self.company.ids
        )
        digest.invalidate_recordset()
        names = ("overdue", "overdue_rate", "collected", "dso")
        return [round(digest[f"kpi_collection_{name}_value"], 2) for name in names]

    def test_figures_of_the_week_and_of_the_week_before(self):
        reader = self.make_user("reader", "account_collections_auto.group_collection_auditor")
        self.assertEqual(self.figures(reader), [75, 20, 20, 86.25])
        self.assertEqual(self.figures(reader, TODAY - timedelta(days=7)), [95, 24.05, 5, 90.85])

    def test_what_is_not_available_is_left_out(self):
        self.digest.company_id = self.env["res.company"].create({"name": "Second"})
        kpis = {kpi["kpi_name"] for kpi in self.digest._compute_kpis(self.company, self.env.user)}
        self.assertEqual(
            {name for name in kpis if "collection" in name}, {"kpi_collection_overdue", "kpi_collection_collected"}
        )

    def test_the_mail_shows_them_to_who_may_see_them(self):
        reader = self.make_user("reader", "account_collections_auto.group_collection_auditor")
        kpis = {kpi["kpi_name"] for kpi in self.digest._compute_kpis(self.company, reader)}
        self.assertLessEqual({f"kpi_collection_{name}" for name in ("overdue", "overdue_rate", "collected", "dso")}, kpis)
        clerk = self.make_user("clerk", "account.group_account_invoice")
        kpis = {kpi["kpi_name"] for kpi in self.digest._compute_kpis(self.company, clerk)}
        self.assertFalse({name for name in kpis if "collection" in name})
        self.assertFalse(self.digest.user_ids, "Nobody gets it before somebody asks")

    def test_who_does_not_work_in_the_company_gets_no_figure_of_it(self):
        stranger = self.make_user(
            "stranger",
            "account_collections_auto.group_collection_manager",
            company=self.env["res.company"].create({"name": "Elsewhere"}),
        )
        kpis = {kpi["kpi_name"] for kpi in self.digest._compute_kpis(stranger.company_id, stranger)}
        self.assertFalse({name for name in kpis if "collection" in name})


class TestDigestLedger(KpiCase):
    """The digest of the worked ledger: its figures, and what reading them costs the database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.post_ledger()
        cls.pay(cls.invoice(cls.buyer, 10, due=date(2025, 9, 1)), on=date(2025, 9, 1))
        cls.digest = cls.env.ref("account_collections_auto.collection_digest")
        cls.digest.company_id = cls.company
        cls.readers = cls.env["res.users"]
        for name in ("first", "second"):
            cls.readers |= cls.make_user(name, "account_collections_auto.group_collection_auditor")

    def statements(self, readers):
        """Return the statements on the ledger that the mails to ``readers`` take."""
        self.digest.user_ids = readers
        self.env.invalidate_all()
        earlier, found, before = self.env["mail.mail"].search([]), [], self.locked()
        with freeze_time(datetime(2026, 3, 31, 12)), contextmanager(self._patchExecute)(found):
            self.digest.action_send_manual()
        self.assertEqual(self.locked(), before, "a temporary table stays locked until the transaction ends")
        mails = self.env["mail.mail"].search([]) - earlier
        self.assertEqual(set(mails.mapped("email_to")), set(readers.mapped("email_formatted")))
        for mail in mails:
            for label in ("Overdue Receivables", "Money Collected", "Days Sales Outstanding", "70.97", "47.55"):
                self.assertIn(label, mail.body_html)
        return [each for each in found if "account_move_line" in each or "account_partial_reconcile" in each]

    def locked(self):
        """Return how many things no other transaction may touch until this one ends."""
        self.env.cr.execute("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock'")
        return self.env.cr.fetchone()[0]

    def test_the_figures_are_those_of_the_worked_ledger(self):
        digest = self.digest.with_user(self.readers[0]).with_company(self.company)
        names = [f"kpi_collection_{name}_value" for name in ("overdue", "overdue_rate", "collected", "dso")]
        for since, until, expected in ((FEB, MAR, [6800, 47.55, 2700, 70.97]), (JAN, FEB, [4000, 42.11, 2000])):
            digest = digest.with_context(start_datetime=since, end_datetime=until)
            digest.invalidate_recordset()
            for name, figure in zip(names, expected, strict=False):
                self.assertEqual(round(digest[name], 2), figure, (until, name))

    def test_mails_to_many_read_the_ledger_as_often_as_a_mail_to_one_and_leave_no_table(self):
        self.statements(self.readers)  # warm
        one, two = self.statements(self.readers[0]), self.statements(self.readers)
        self.assertEqual(len(one), 3)
        self.assertEqual(len(two), 3)

    def test_what_was_read_is_kept_no_longer_than_the_mails_are_written(self):
        self.statements(self.readers[0])
        self.pay(self.docs["I4"], on=date(2026, 3, 30))
        digest = self.digest.with_user(self.readers[0]).with_context(start_datetime=FEB, end_datetime=MAR)
        self.assertEqual(digest.kpi_collection_collected_value, 6700)
