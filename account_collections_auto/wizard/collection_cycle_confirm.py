from odoo import api, fields, models
from odoo.tools import format_date, formatLang


class CollectionCycleConfirm(models.TransientModel):
    """Ask once more before the messages of a preview leave: how many, about how much, and what is unusual."""

    _name = "collection.cycle.confirm"
    _description = "Confirm a Cycle"

    cycle_id = fields.Many2one("collection.cycle", required=True, readonly=True, ondelete="cascade")
    question = fields.Char(compute="_compute_question")
    how = fields.Char(compute="_compute_question")
    warning = fields.Char(compute="_compute_warning")
    test_note = fields.Char(compute="_compute_question", help="Where the messages go while test mode is on.")
    is_empty = fields.Boolean(compute="_compute_question")
    fresh_note = fields.Char(compute="_compute_fresh_note")

    @api.depends("cycle_id")
    def _compute_question(self):
        for wizard in self:
            cycle = wizard.cycle_id
            count, amount = wizard._sum_planned([])
            reviewed, _amount = wizard._sum_planned([("needs_approval", "=", True)])
            wizard.is_empty = not count
            wizard.test_note = cycle.company_id and cycle.company_id._collection_test_note()
            wizard.question = wizard.env._(
                "%(count)s customers are contacted about %(amount)s.",
                count=count,
                amount=formatLang(wizard.env, amount, currency_obj=cycle.currency_id),
            )
            wizard.how = wizard.env._("All messages leave at once.")
            if reviewed:
                wizard.how = wizard.env._(
                    "%(auto)s of them at once, %(reviewed)s after a person approved the message.",
                    auto=count - reviewed,
                    reviewed=reviewed,
                )

    def _sum_planned(self, domain):
        planned = [("cycle_id", "=", self.cycle_id.id), ("decision", "=", "planned"), *domain]
        ((count, amount),) = self.env["collection.cycle.line"]._read_group(
            planned, [], ["case_id:count_distinct", "amount:sum"]
        )
        return count, amount or 0.0

    @api.depends("cycle_id")
    def _compute_warning(self):
        """What stops a cycle that nobody looks at, as it is at this moment."""
        for wizard in self:
            cycle = wizard.cycle_id
            if cycle.stop_code == "bank_not_fresh" and not cycle._find_stale_bank():
                wizard.warning = False  # the bank came in since
            else:
                wizard.warning = cycle.stop_reason

    @api.depends("cycle_id")
    def _compute_fresh_note(self):
        for wizard in self:
            cycle = wizard.cycle_id
            today = (cycle.company_id or self.env.company).sudo()._collection_today()
            if cycle and cycle.date < today:
                wizard.fresh_note = wizard.env._(
                    "This preview is of %(day)s. The selection is made afresh for today, %(today)s, so numbers may differ; "
                    "whom you dropped stays out.",
                    day=format_date(wizard.env, cycle.date),
                    today=format_date(wizard.env, today),
                )
            else:
                wizard.fresh_note = wizard.env._(
                    "The open items are looked at once more: who paid since the preview was made is not contacted, and whom "
                    "you dropped stays out."
                )

    def action_confirm(self):
        """Start the cycle; the page shows how far it is."""
        self.ensure_one()
        self.cycle_id.action_confirm_in_background()
        return {"type": "ir.actions.act_window_close"}
