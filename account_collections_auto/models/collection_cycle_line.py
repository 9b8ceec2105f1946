from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date


class CollectionCycleLine(models.Model):
    """What the cycle decided for one case and level: planned, withheld, or dropped by a person."""

    _name = "collection.cycle.line"
    _description = "Cycle Decision"
    _order = "cycle_id desc, decision, amount desc, id"
    _rec_name = "case_id"

    cycle_id = fields.Many2one("collection.cycle", required=True, index=True, ondelete="cascade", readonly=True)
    cycle_state = fields.Selection(related="cycle_id.state")
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    case_id = fields.Many2one("collection.case", required=True, index=True, ondelete="cascade", readonly=True)
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    level_id = fields.Many2one("collection.level", ondelete="set null", readonly=True, index="btree_not_null")
    decision = fields.Selection(
        [("planned", "Planned"), ("withheld", "Withheld"), ("dropped", "Dropped")], required=True, readonly=True
    )
    item_count = fields.Integer(string="Items", readonly=True, help="Items that reach this level.")
    amount = fields.Monetary(readonly=True, help="Planned: what is claimed. Withheld: the items that reach this level.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    oldest_due_date = fields.Date(readonly=True)
    channels = fields.Char(readonly=True, help="Codes of the channels that reach the customer.")
    channel_names = fields.Char(compute="_compute_channel_names", string="By")
    needs_approval = fields.Boolean(readonly=True, help="The message waits for a person's approval before it leaves.")
    reason_code = fields.Selection(
        selection=lambda self: self.env["collection.reason"]._selection_code(),
        string="Main Reason",
        readonly=True,
        index=True,
        help="The first of the reasons.",
    )
    reasons = fields.Json(readonly=True)
    reason = fields.Char(compute="_compute_reason")
    until_date = fields.Date(string="Until", readonly=True)
    drops_for_good = fields.Boolean(readonly=True, help="Dropped until a person says otherwise.")
    dropped_by_id = fields.Many2one("res.users", readonly=True)
    action_ids = fields.One2many("collection.action", "cycle_line_id", string="Messages", readonly=True)

    _decision_unique = models.UniqueIndex(
        "(cycle_id, case_id, level_id, decision)", "The cycle has decided this case and level already."
    )

    @api.depends("reasons")
    @api.depends_context("lang")
    def _compute_reason(self):
        for line in self:
            line.reason = self.env["collection.reason"]._describe_all(line.reasons)

    @api.depends("channels")
    @api.depends_context("lang")
    def _compute_channel_names(self):
        names = dict(self.env["collection.step"]._fields["channel"]._description_selection(self.env))
        for line in self:
            codes = (line.channels or "").split(",")
            line.channel_names = " + ".join(names.get(code, code) for code in codes if code)

    # -- dropping and taking back --------------------------------------------------------------------------------------

    def action_drop(self):
        """Ask until when these customers are left out."""
        self._check_can_drop()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_drop_action")
        return action | {"context": {"default_line_ids": self.ids}}

    def action_undo_drop(self):
        """Let the customers of these lines be selected again, whichever cycle they were dropped in."""
        self._check_collector()
        lines_sudo = (
            self.sudo()
            .search(
                [
                    ("case_id", "in", self.filtered(lambda line: line._is_dropped()).case_id.ids),
                    ("cycle_id.state", "!=", "cancelled"),
                    "|",
                    ("decision", "=", "dropped"),
                    ("cycle_id.state", "=", "preview"),
                ]
            )
            .filtered(lambda line: line._is_dropped())
        )
        for line in lines_sudo:
            line.write(line._prepare_undropped_vals())
        note = self.env._("%(user)s takes back the drop: this customer is selected again.", user=self.env.user.name)
        lines_sudo.case_id._message_log_batch(bodies={case.id: note for case in lines_sudo.case_id})

    def _drop(self, until_date=None, for_good=False):
        """Leave the customers of these lines out: of this cycle only, until the end of a day, or for good."""
        self._check_can_drop()
        reason = {"code": "dropped", "text": self.env.user.name}
        if until_date:
            reason["until"] = until_date.isoformat()
        for line_sudo in self.sudo():
            line_sudo.write(
                {
                    "decision": "dropped",
                    "dropped_by_id": self.env.uid,
                    "until_date": until_date,
                    "drops_for_good": for_good,
                    "reason_code": "dropped",
                    "reasons": line_sudo._reasons_without_drop() + [reason],
                }
            )
        self.case_id.sudo()._message_log_batch(
            bodies={line.case_id.id: line._get_drop_note(until_date, for_good) for line in self}
        )

    def _get_drop_note(self, until_date, for_good):
        values = {"user": self.env.user.name, "cycle": self.cycle_id.display_name}
        if for_good:
            return self.env._("%(user)s drops this customer from %(cycle)s and all later ones.", **values)
        if until_date:
            return self.env._(
                "%(user)s drops this customer from %(cycle)s and later ones until %(date)s.",
                date=format_date(self.env, until_date),
                **values,
            )
        return self.env._("%(user)s drops this customer from %(cycle)s.", **values)

    def _is_dropped(self):
        """Whether a person dropped the customer: in this cycle, or in an earlier one until a later day."""
        return self.decision == "dropped" or len(self._reasons_without_drop()) < len(self.reasons or [])

    def _reasons_without_drop(self):
        return [reason for reason in self.reasons or [] if reason["code"] != "dropped"]

    def _prepare_undropped_vals(self):
        """What the line says once nobody drops the customer; a cycle that ran looks at it again."""
        self.ensure_one()
        reasons = self._reasons_without_drop()
        planned = not reasons and self.cycle_id.state == "preview"
        return {
            "decision": "planned" if planned else "withheld",
            "until_date": False,
            "drops_for_good": False,
            "reasons": reasons or False,
            "reason_code": reasons[0]["code"] if reasons else False,
        }

    def _check_can_drop(self):
        self._check_collector()
        ran = self.filtered(lambda line: line.cycle_id.state != "preview")
        if ran:
            raise UserError(
                self.env._(
                    "%(cycle)s is no preview, so nobody can be dropped from it. Cancel the message of %(customer)s, or put "
                    "the customer on hold.",
                    cycle=ran[0].cycle_id.display_name,
                    customer=ran[0].partner_id.display_name,
                )
            )

    def _check_collector(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can drop customers from a cycle."))
