import csv
import io
import zipfile
from datetime import date

from odoo.exceptions import AccessError

from .common import StoryCase

JUNE = {day: date(2026, 6, day) for day in range(1, 31)}
JULY = {day: date(2026, 7, day) for day in range(1, 32)}


class TestPlacements(StoryCase):
    """From the invoice over the final notice to the agency, with the agency's cut, and back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        contact = cls.env["res.partner"].create({"name": "Fair Collections", "email": "desk@agency.example"})
        cls.agency = cls.env["collection.agency"].create(
            {"partner_id": contact.id, "commission_percent": 10, "contact_gap_days": 7}
        )
        cls.auditor = cls.make_user("auditor", "account_collections_auto.group_collection_auditor")
        cls.accountant = cls.make_user("alf", "account_collections_auto.group_collector", "account.group_account_invoice")

    def left_the_queue(self):
        self.actions(self.buyer, "sent").mail_id.state = "sent"

    def cycles(self, *days):
        for day in days:
            with self.on_day(day):
                self.run_cycle(day)
            self.left_the_queue()

    def test_pain_32_the_full_process_overdue_letter_sent_agency_with_its_cut(self):
        first = self.invoice(self.buyer, 1000, due=date(2026, 4, 20))
        second = self.invoice(self.buyer, 600, due=date(2026, 5, 14))
        # Overdue: reminder after reminder, up to the final notice of the first invoice.
        self.cycles(date(2026, 4, 27), date(2026, 5, 11), date(2026, 5, 25))
        self.assertTrue(self.items(first).level_id.final_notice)
        self.assertEqual(self.items(second).level_id, self.level(7))

        # Carla proposes when its deadline has passed; Max sees that the second had no final notice, and says yes to both.
        with self.acting(self.carla, JUNE[3]):
            opened = self.mine(self.case(self.buyer)).action_place()
            wizard = self.env["collection.place"].with_context(**opened["context"]).create({"note": "Does not answer"})
            self.assertIn("1 of 2 items had no final notice", wizard.without_notice)
            wizard.action_apply()
            placement = self.mine(self.case(self.buyer)).placement_ids
            with self.assertRaises(AccessError):
                placement.action_approve()
        with self.acting(self.max, JUNE[4]):
            question = self.mine(placement).action_approve()
            approval = self.env[question["res_model"]].with_context(**question["context"]).create({"despite_notice": True})
            self.assertIn("2 items", approval.summary)
            approval.action_apply()
        self.assertEqual((placement.state, placement.amount_placed), ("handed_over", 1600))

        # The file: both items with the reminders that were sent.
        archive = zipfile.ZipFile(io.BytesIO(placement.sudo().file_id.attachment_id.raw))
        rows = list(csv.DictReader(io.StringIO(archive.read("items.csv").decode("utf-8-sig"))))
        self.assertEqual([(row["Number"], row["Open"]) for row in rows], [(first.name, "1000.00"), (second.name, "600.00")])
        self.assertEqual(rows[0]["Reminders Sent"], "2026-04-27 L1; 2026-05-11 L2; 2026-05-25 L3")

        # Nothing more is sent by ourselves, while the agency collects 400 and keeps its 10 %.
        self.cycles(JUNE[8], JUNE[22])
        self.assertEqual(len(self.sent(self.buyer)), 3)
        with self.acting(self.accountant, JUNE[23]):
            receipt = self.env["collection.placement.receipt"].create(
                {"placement_id": placement.id, "amount": 400, "date": JUNE[20], "reference": "6/2026"}
            )
            receipt.action_prepare()
            self.assertEqual((receipt.commission, receipt.net, receipt.bill_id.state), (40, 360, "draft"))
            receipt.action_post()
        self.assertEqual(first.amount_residual, 600)

        # 250 arrive with us directly: the agency is told before it gets its commission of that.
        self.pay(first, 250, on=JUNE[25])
        self.assertEqual(self.items(first).amount_residual, 350)
        with self.acting(self.carla, JUNE[26]):
            self.env["collection.placement.movement"]._find(self.company)
            unknown = self.env["collection.placement.movement"].search([("is_known", "=", False)])
            self.assertRecordValues(unknown, [{"kind": "direct", "amount": 250, "commission": 0}])
            unknown.action_report()
            self.assertEqual(unknown.commission, 25)
        self.env.invalidate_all()
        self.assertRecordValues(
            placement, [{"amount_recovered": 650, "amount_commission": 65, "amount_open": 950, "to_report_count": 0}]
        )

        # Max takes the rest back. It goes on where it stood: not before seven days, the second invoice with its next level.
        with self.acting(self.max, JULY[1]):
            self.mine(placement)._recall(placement.line_ids, "They pay us by instalments")
        self.cycles(JULY[7])
        self.assertEqual(len(self.sent(self.buyer)), 3)
        self.cycles(JULY[8])
        day, level, advanced, _total = self.sent(self.buyer)[-1]
        self.assertEqual((day, level, list(advanced)), (JULY[8], "L2", [second]))

        # The auditor reads all of it and changes nothing.
        with self.acting(self.auditor, JULY[9]):
            seen = self.mine(placement)
            self.assertEqual((seen.state, seen.approved_by_id, len(seen.movement_ids)), ("recalled", self.max, 2))
            kinds = self.env["collection.agency.message"].search([], order="id").mapped("kind")
            self.assertEqual(kinds, ["payments", "recall"])
            for attempt in (
                seen.action_undo_recall,
                seen.action_reopen,
                seen.movement_ids.action_report,
                receipt.with_env(self.env).action_cancel,
            ):
                with self.assertRaises(AccessError):
                    attempt()

    def test_what_comes_later_waits_for_carla_who_adds_reminds_or_holds_it(self):
        self.invoice(self.buyer, 1000, due=date(2026, 4, 20))
        self.cycles(date(2026, 4, 27), date(2026, 5, 11), date(2026, 5, 25), JUNE[2])
        with self.acting(self.carla, JUNE[3]):
            self.fill(self.mine(self.case(self.buyer)).action_place()).action_apply()
            placement = self.mine(self.case(self.buyer)).placement_ids
        with self.acting(self.max, JUNE[3]):
            self.fill(self.mine(placement).action_approve()).action_apply()

        small, middle, large = (self.invoice(self.buyer, amount, due=JUNE[8]) for amount in (100, 200, 300))
        self.cycles(JUNE[15])
        self.assertWithheld(self.buyer, "placement_later", on=JUNE[15])
        with self.acting(self.auditor, JUNE[15]), self.assertRaises(AccessError):
            self.mine(self.items(middle)).action_remind_despite_placement()
        with self.acting(self.carla, JUNE[15]):
            self.assertEqual(self.tile("decide"), {"open_placement_later": 3})
            self.assertEqual(self.listed("open_placement_later").move_id, self.mine(small | middle | large))
            added = self.fill(self.mine(self.items(small)).action_place())
            self.assertEqual((added.agency_id, added.item_ids.move_id), (self.mine(self.agency), self.mine(small)))
            added.action_apply()
            self.mine(self.items(middle)).action_remind_despite_placement()
            self.hold(self.buyer, self.items(large), since=JUNE[15], reason="Their lawyer looks at it")
            self.assertEqual(self.tile("decide"), {})  # a manager decides
        with self.acting(self.max, JUNE[15]):
            proposal = self.listed("open_placements_to_approve")
            self.fill(proposal.action_approve(), despite_notice=True).action_apply()
        self.cycles(JUNE[16])
        self.assertEqual([items for _day, _level, items, _total in self.sent(self.buyer)][3:], [{middle: 200}])
        self.assertEqual(self.case(self.buyer).placement_ids.mapped("state"), ["handed_over", "handed_over"])
