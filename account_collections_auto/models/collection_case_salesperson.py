from odoo import models


class CollectionCase(models.Model):
    """Who sold what is open, and how they hear of it."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    def _get_salespeople(self):
        """Return {case: who sold its open invoices, else the salesperson of the customer}.

        A constant number of statements for any number of cases.
        """
        # sudo: the invoices of cases that this user works on
        items = self.env["collection.item"].sudo().search([("case_id", "in", self.ids), ("amount_residual", ">", 0)])
        items_of = items.grouped("case_id")
        users = {}
        for case in self:
            own = items_of.get(case.sudo(), items.browse())
            sellers = own.move_id.invoice_user_id or case.sudo().partner_id.user_id
            users[case] = sellers.filtered(lambda user: user.active and not user.share).sudo(self.env.su)
        return users

    def _tell_salespeople(self, xmlid, summaries):
        """One to-do on the customer for each of its salespeople, unless one of this kind is open. Returns {case: users}.

        ``summaries``: {case: what it says}. On the contact, which salespeople may open.
        """
        todo_type = self.env.ref(xmlid)
        told = self._get_salespeople()
        # sudo: to-dos on contacts that a collector may not edit
        todos = self.env["mail.activity"].sudo()
        open_ones = todos.search(
            [
                ("activity_type_id", "=", todo_type.id),
                ("res_model", "=", "res.partner"),
                ("res_id", "in", self.partner_id.ids),
            ]
        )
        asked = {(todo.res_id, todo.user_id.id) for todo in open_ones}
        self.partner_id.sudo().mapped("display_name")  # Odoo names each to-do after its record, one by one
        todos.with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": todo_type.id,
                    "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                    "res_id": case.partner_id.id,
                    "user_id": user.id,
                    "date_deadline": case.company_id._collection_today(),
                    "summary": summaries[case],
                    "automated": True,
                }
                for case, users in told.items()
                for user in users
                if (case.partner_id.id, user.id) not in asked
            ]
        )
        return told
