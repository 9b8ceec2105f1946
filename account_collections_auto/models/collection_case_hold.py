from odoo import api, fields, models
from odoo.tools import SQL, format_date


class CollectionCase(models.Model):
    """To whom a hold lets us write: the representative or the estate alone, or nobody; never the customer then."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    is_contact_restricted = fields.Boolean(
        compute="_compute_only_contact", compute_sudo=True, help="A hold in force says who alone may be written to."
    )
    only_contact_id = fields.Many2one(
        "res.partner", compute="_compute_only_contact", compute_sudo=True, string="Write Only To", help="Empty: to nobody."
    )
    contact_notice = fields.Char(compute="_compute_only_contact", compute_sudo=True, string="Who May Be Written To")

    @api.depends("partner_id", "company_id")
    @api.depends_context("lang")
    def _compute_only_contact(self):
        found = self._read_only_contacts()
        for case in self:
            contact_id, info, until = found.get(case._origin.id, (False, "", None))
            contact = self.env["res.partner"].browse(contact_id or [])
            case.is_contact_restricted = case._origin.id in found
            case.only_contact_id = contact
            case.contact_notice = case.is_contact_restricted and case._describe_only_contact(contact, info, until)

    def _read_only_contacts(self):
        """Return {case id: (contact id or None, text of the hold, its last day)} of the cases with such a hold today."""
        self.env.flush_all()  # the question is SQL
        found = {}
        for company, cases in self.grouped("company_id").items():
            only_contacts = self.env["collection.hold"]._only_contacts_sql(company._collection_today())
            rows = self.env.execute_query(
                SQL(
                    """SELECT kase.id, only_to.contact_id, only_to.info, only_to.until
                         FROM collection_case kase
                         JOIN (%s) only_to ON only_to.company_id = kase.company_id AND only_to.debtor_id = kase.partner_id
                        WHERE kase.id = ANY(%s)""",
                    only_contacts,
                    cases.ids,
                )
            )
            found.update({case_id: values for case_id, *values in rows})
        return found

    def _describe_only_contact(self, contact, info, until):
        values = {"reason": info, "customer": self.partner_id.display_name, "contact": contact.display_name}
        if contact:
            sentence = self.env._("%(reason)s. Write only to %(contact)s, not to %(customer)s.", **values)
        else:
            sentence = self.env._("%(reason)s. Nobody may be written to: the hold names no contact for %(customer)s.", **values)
        if until:
            sentence += " " + self.env._("Until %(date)s.", date=format_date(self.env, until))
        return sentence
