from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import select, withhold


class CollectionCycleLine(models.Model):
    """What holds a customer back, and the place where a person can end it."""

    _inherit = "collection.cycle.line"  # pylint: disable=consider-merging-classes-inherited

    fix_label = fields.Char(compute="_compute_fix_label", string="What to Do")

    @api.model
    def _fixes(self):
        """Return {reason code: (label, name of the method that opens the place where it is fixed)}.

        A module with a reason of its own adds a line. A code that is not listed opens the case.
        """
        contact = (self.env._("Open the contact"), "_fix_contact")
        customer = (self.env._("Open the customer"), "_fix_customer")
        invoice = (self.env._("Open the invoice"), "_fix_invoice")
        items = (self.env._("Open the items"), "_fix_items")
        return {
            "no_address": contact,
            "invalid_address": contact,
            "blacklisted": contact,
            "bounced": (self.env._("Release the address"), "_fix_bounce"),
            "archived": customer,
            "own_company": customer,
            "direct_debit": customer,
            "no_followup": invoice,
            "blocked": invoice,
            "not_sent": invoice,
            "edi": invoice,
            "online_payment": invoice,
            "payment": (self.env._("Open the payment"), "_fix_payment"),
            "bank_line": (self.env._("Match the bank line"), "_fix_bank_line"),
            "covered_by_credit": items,
            "hold": (self.env._("Open the hold"), "_fix_hold"),
            "hold_by_hand": (self.env._("Open the hold"), "_fix_hold"),
            "no_hold_contact": (self.env._("Open the hold"), "_fix_hold"),
            "below_minimum": (self.env._("Open the plan"), "_fix_plan"),
            "no_steps": (self.env._("Open the plan"), "_fix_plan"),
            "awaiting_review": (self.env._("Open the message"), "_fix_message"),
            "dropped": (self.env._("Take back"), "action_undo_drop"),
        }

    @api.depends("decision", "reason_code")
    @api.depends_context("lang")
    def _compute_fix_label(self):
        fixes = self._fixes()
        for line in self:
            label = fixes.get(line.reason_code, (line.env._("Open the case"), None))[0]
            line.fix_label = label if line.decision == "withheld" else False

    def action_fix(self):
        """Open the place where the main reason of this line can be ended; writes nothing by itself."""
        self.ensure_one()
        self.check_access("read")
        _label, method = self._fixes().get(self.reason_code, (None, "_fix_case"))
        return getattr(self, method)() or True

    # -- one method per place --------------------------------------------------------------------------------------

    def _fix_case(self):
        return self._open(self.case_id, dialog=False)

    def _fix_customer(self):
        return self._open(self.partner_id)

    def _fix_contact(self):
        """The contact whose address is missing or refused: the one that would have been written to."""
        sql = SQL(
            """SELECT partner_id FROM collection_tmp_recipient
                WHERE case_id = %s AND problem IS NOT NULL ORDER BY problem != %s, partner_id LIMIT 1""",
            self.case_id.id,
            self.reason_code,
        )
        found = self._ask_engine(sql)
        contact = self.env["res.partner"].browse(found) or self.partner_id.collection_payer_id or self.partner_id
        return self._open(contact)

    def _fix_bounce(self):
        addresses = {text.strip().lower() for text in (self._get_reason_text() or "").split(",")}
        bounces = self.env["collection.bounce"].search(
            [("company_id", "=", self.company_id.id), ("email", "in", list(addresses)), ("active", "=", True)]
        )
        return self._open(bounces) if bounces else self._fix_contact()

    def _fix_invoice(self):
        return self._open(self._get_held_items().move_id, dialog=False)

    def _fix_items(self):
        return self._open(self.case_id.item_ids, dialog=False, name=self.env._("Open Items"))

    def _fix_payment(self):
        payments = self.env["account.payment"].search(
            [("invoice_ids", "in", self._get_held_items().move_id.ids), ("state", "in", ("draft", "in_process"))]
        )
        return self._open(payments, dialog=False) if payments else self._fix_invoice()

    def _fix_bank_line(self):
        """The journal entries of the bank lines in question: of this customer, else all unmatched ones of that day."""
        day = next((reason.get("date") for reason in self.reasons or [] if reason["code"] == "bank_line"), None)
        domain = [
            ("company_id", "child_of", self.company_id.id),
            ("is_reconciled", "=", False),
            ("amount", ">", 0),
            ("date", "=", day or self.cycle_id.date),
        ]
        lines = self.env["account.bank.statement.line"].search(domain)
        own = lines.filtered(lambda line: line.partner_id.commercial_partner_id == self.partner_id)
        return self._open((own or lines).move_id, dialog=False) if lines else self._fix_case()

    def _fix_hold(self):
        holds = self.env["collection.hold"].search(
            [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        )
        return self._open(holds) if holds else self._fix_case()

    def _fix_plan(self):
        return self._open(self.case_id.plan_id, dialog=False)

    def _fix_message(self):
        messages = self.env["collection.action"].search([("case_id", "=", self.case_id.id), ("state", "=", "review")])
        return self._open(messages, dialog=False) if messages else self._fix_case()

    # -- what they share -------------------------------------------------------------------------------------------

    def _get_reason_text(self):
        return next((reason.get("text") for reason in self.reasons or [] if reason["code"] == self.reason_code), None)

    def _get_held_items(self):
        """The items that the main reason holds back now; all items of the case when it is gone by now."""
        sql = SQL(
            """SELECT array_agg(stop.item_id) FROM collection_tmp_stop stop JOIN collection_tmp_item item USING (item_id)
                WHERE item.case_id = %s AND stop.code = %s""",
            self.case_id.id,
            self.reason_code,
        )
        return self.env["collection.item"].browse(self._ask_engine(sql) or []) or self.case_id.item_ids

    def _ask_engine(self, sql):
        """Look at this customer as the cycle does, and return the single answer to ``sql``."""
        engine = self.env["collection.cycle"].sudo().env
        self.env.flush_all()
        select.select(engine, self.company_id, self.cycle_id.date, SQL("SELECT %s", self.case_id.id))
        withhold.withhold(engine, self.company_id, self.cycle_id.date)
        rows = engine.execute_query(sql)
        select.drop(engine)
        return rows[0][0] if rows else None

    def _open(self, records, dialog=True, name=None):
        """Return the action that shows ``records``: one as a form, several as a list."""
        action = {
            "type": "ir.actions.act_window",
            "name": name or records._description,
            "res_model": records._name,
        }
        if len(records) == 1:
            action |= {"res_id": records.id, "views": [(False, "form")], "name": records.display_name}
            return action | {"target": "new"} if dialog else action
        return action | {"views": [(False, "list"), (False, "form")], "domain": [("id", "in", records.ids)]}
