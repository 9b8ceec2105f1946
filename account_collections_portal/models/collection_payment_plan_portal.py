from odoo import fields, models
from odoo.exceptions import UserError


class CollectionPaymentPlan(models.Model):
    """How a customer signed a payment plan on its own page."""

    _inherit = "collection.payment.plan"  # pylint: disable=consider-merging-classes-inherited
    _recorded = frozenset({"signed_at", "signed_ip"})

    signed_at = fields.Datetime(string="Signed Online", readonly=True, copy=False)
    signed_ip = fields.Char(string="Signed From", readonly=True, copy=False, help="The address of the computer or phone.")

    def _portal_accept(self, name, address, author, token):
        """The customer typed its name under what was proposed, and may allow us to charge a stored card (``token``).

        Who accepts again changes nothing; somebody else is told.
        """
        self.ensure_one()
        self.case_id._portal_begin()
        self.invalidate_recordset(["state", "accepted_by"])
        if self.state == "running" and self.accepted_by == name:
            return
        if self.state == "running":
            raise UserError(
                self.env._("%(name)s has signed this plan already. There is nothing more to do.", name=self.accepted_by)
            )
        self._accept(name, self.company_id._collection_today(), self.env["ir.attachment"])
        self.write({"signed_at": fields.Datetime.now(), "signed_ip": address})
        if token:
            self.write(
                {
                    "token_id": token.id,
                    "charge_consent_on": self.accepted_on,
                    "charge_consent": self.env._("Chosen on the customer's page, signed by %(name)s", name=name),
                }
            )
        self.case_id._portal_note(
            self, self.env._("signed by %(name)s from %(address)s", name=name, address=address), author
        )
