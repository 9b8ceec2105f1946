from odoo import Command, fields, models


class CollectionCase(models.Model):
    """The promises of a case, and how far the customer can be relied on."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    promise_ids = fields.One2many("collection.promise", "case_id", string="Promises")
    promise_kept_percent = fields.Float(
        compute="_compute_promises", string="Promises Kept", help="Of the promises with a verdict, by number, in percent."
    )
    promise_summary = fields.Char(compute="_compute_promises", help="Promises kept of those with a verdict.")

    def _compute_promises(self):
        rows = self.env["collection.promise"]._read_group(
            [("case_id", "in", self.ids), ("state", "in", ("kept", "partly", "broken"))], ["case_id", "state"], ["__count"]
        )
        counts = {}
        for case, state, count in rows:
            kept, all_of_them = counts.get(case, (0, 0))
            counts[case] = (kept + (count if state == "kept" else 0), all_of_them + count)
        for case in self:
            kept, all_of_them = counts.get(case, (0, 0))
            case.promise_kept_percent = 100.0 * kept / all_of_them if all_of_them else 0.0
            summary = self.env._("%(kept)s of %(count)s kept", kept=kept, count=all_of_them)
            case.promise_summary = summary if all_of_them else "-"

    def action_promise(self):
        """Record a promise to pay: the overdue amount is proposed."""
        self.ensure_one()
        return self._action_new_promise(self.env["collection.item"], self.amount_overdue - self.amount_credit)

    def _action_new_promise(self, items, amount):
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_promise_action_new")
        return action | {
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_company_id": self.company_id.id,
                "default_item_ids": [Command.set(items.ids)],
                "default_amount": max(amount, 0.0),
            }
        }
