"""Stories about taking over: the tables of another program, made in the test, and a hundred customers in the middle of it."""

import random
from datetime import timedelta

from .bulk import post_invoices
from .common import TODAY, CollectionsCase

CUSTOMERS = 100
DAYS = (-5, 3, 8, 12, 20, 26, 33, 45, 70)  # overdue, of the invoices of a customer


class ImportCase(CollectionsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True, "mail_create_nolog": True})

    # -- a hundred customers -------------------------------------------------------------------------------------------

    @classmethod
    def make_customers(cls, number=CUSTOMERS):
        """Post one to three invoices, some overdue, for each of ``number`` customers."""
        dice = random.Random(3)
        cls.customers = cls.env["res.partner"].create(
            [{"name": f"Customer {position}", "email": f"c{position}@example.com"} for position in range(number)]
        )
        overdue = [(partner, days) for partner in cls.customers for days in dice.sample(DAYS, dice.randint(1, 3))]
        cls.invoices = post_invoices(cls.env, [(partner, 100, TODAY - timedelta(days=days)) for partner, days in overdue])
        cls.env["collection.case"]._refresh_marked()
        cls.env.flush_all()

    @classmethod
    def receivable(cls, move):
        return move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    @classmethod
    def sql(cls, query, *values):
        cls.env.flush_all()
        cls.env.cr.execute(query, values)
        cls.env.invalidate_all(flush=False)

    # -- what the import must hold -----------------------------------------------------------------------------------

    def open_import(self, source):
        with self.on_day(TODAY):
            action = self.env["collection.import"].action_open()
        wizard = self.env["collection.import"].browse(action["res_id"])
        self.assertEqual(wizard.source, source)
        return wizard

    def take_over(self, source):
        wizard = self.open_import(source)
        with self.on_day(TODAY):
            wizard.action_import()
        return wizard

    def contents(self):
        """Return how many rows each table has that an import may write, and the state of the items."""
        self.env.flush_all()
        tables = ("collection_plan", "collection_level", "collection_action", "collection_action_line", "collection_hold")
        counts = {}
        for table in (*tables, "mail_template", "ir_model_data"):
            self.env.cr.execute(f"SELECT count(*) FROM {table}")  # pylint: disable=sql-injection
            counts[table] = self.env.cr.fetchone()[0]
        items = self.env["collection.item"].search([], order="id")
        return counts, [(item.level_days, item.level_date, item.deadline) for item in items]

    def assertNothingTwice(self, reminded, excluded, gap=7):
        """In the next two weeks nobody gets a level again, or anything sooner than ``gap`` days after the last message.

        ``reminded``: {invoice: (days of its level, day of the reminder)}; ``excluded``: partners who get nothing.
        """
        repeated = self.repeats_without_import(reminded)
        self.assertGreater(repeated, 10, "without the import people would be reminded twice: the story says something")
        last = {}
        for invoice, (_days, day) in reminded.items():
            last[invoice.partner_id] = max(day, last.get(invoice.partner_id, day))
        self.run_daily(TODAY, TODAY + timedelta(days=13))
        sent = self.env["collection.action"].search([("cycle_id", "!=", False), ("state", "in", ("sent", "delivered"))])
        self.assertGreater(len(sent), 20)
        for action in sent:
            self.assertNotIn(action.partner_id, excluded)
            if action.partner_id in last:
                self.assertGreaterEqual(action.contact_date, last[action.partner_id] + timedelta(days=gap))
            for line in action.line_ids.filtered("advances"):
                days, _day = reminded.get(line.move_id, (-100, None))
                self.assertGreater(line.level_days, days, f"{line.move_name} got its level twice")

    def repeats_without_import(self, reminded):
        """Return how many invoices a first cycle would remind of, on a level at which they are, had nobody told it."""
        savepoint = self.env.cr.savepoint(flush=True)
        try:
            self.env.cr.execute(
                """UPDATE collection_item SET level_id = NULL, level_days = NULL, level_date = NULL, deadline = NULL;
                   UPDATE collection_action SET state = 'cancelled' WHERE channel = 'imported';
                   UPDATE collection_action_line SET is_live = FALSE;
                   UPDATE collection_hold SET active = FALSE"""
            )
            self.env.invalidate_all(flush=False)
            self.run_cycle(TODAY)
            lines = self.env["collection.action.line"].search([("advances", "=", True), ("is_live", "=", True)])
            return sum(line.level_days <= reminded.get(line.move_id, (-100, None))[0] for line in lines)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)
