from odoo import api, fields, models


class CollectionCase(models.Model):
    """Whether we still sell to the customer of a case."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    credit_hold_ids = fields.One2many("collection.credit.hold", "case_id", string="Credit Holds", readonly=True)
    credit_hold_state = fields.Selection(
        [("proposed", "Credit hold to approve"), ("on", "Credit hold")],
        compute="_compute_credit_hold",
        string="Credit",
        help="On a credit hold nothing more is sold on account to the customer. Reminders go on.",
    )
    credit_hold_reason = fields.Char(compute="_compute_credit_hold", string="Reason of the Credit Hold")

    @api.depends("credit_hold_ids.state")
    def _compute_credit_hold(self):
        self.credit_hold_state = self.credit_hold_reason = False
        for case in self.filtered("credit_hold_ids"):
            today = case.company_id._collection_today()
            live = case.credit_hold_ids.filtered(
                lambda hold, today=today: hold.state in ("proposed", "on") and not (hold.date_until and hold.date_until < today)
            )
            case.credit_hold_state = live[:1].state
            case.credit_hold_reason = live[:1].reason

    def action_credit_hold(self):
        """Ask why, and until when, nothing more is sold on account to these customers."""
        return self._open_decision("collection.credit.hold.start", self.env._("Credit Hold"))

    def action_lift_credit_hold(self):
        """Sell to these customers again."""
        self._check_collector()
        self.credit_hold_ids.filtered(lambda hold: hold.state == "on").action_lift()

    def action_approve_credit_hold(self):
        """Approve the credit hold that a level proposed."""
        self._check_collector()
        self.credit_hold_ids.filtered(lambda hold: hold.state == "proposed").action_approve()

    def action_refuse_credit_hold(self):
        """Refuse the credit hold that a level proposed."""
        self._check_collector()
        self.credit_hold_ids.filtered(lambda hold: hold.state == "proposed").action_refuse()
