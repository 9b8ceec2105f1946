from odoo import fields, models


class ResCompany(models.Model):
    """Who gets the figures of Today by mail, and when."""

    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    collection_mail_user_ids = fields.Many2many(
        "res.users",
        "collection_mail_user_rel",
        "company_id",
        "user_id",
        string="Daily Mail To",
        domain="[('share', '=', False)]",
        help="These people get the figures of Today once a day, in their language. No mail on a day with nothing to do, and "
        "none to somebody without access to Collections in this company.",
    )
    collection_mail_time = fields.Float(
        string="Daily Mail At",
        default=8.5,
        help="Hour of the day in the time zone of Collections. After the hour of the cycle, so that its results are in.",
    )
    collection_mail_date = fields.Date(readonly=True, copy=False, help="Day of the last daily mail.")

    def _collection_mail_is_due(self):
        """Whether today's mail was not made yet and its hour has come."""
        self.ensure_one()
        now = self._collection_now()
        return self.collection_mail_date != now.date() and now.hour + now.minute / 60.0 >= self.collection_mail_time

    def _collection_test_note(self):
        """Return what test mode means, False when it is off."""
        self.ensure_one()
        company_sudo = self.sudo()  # sudo: whoever looks at messages is told where they go
        if not company_sudo.collection_test_mode:
            return False
        return self.env._(
            "Test mode: every message goes to %(address)s. Customers get nothing, and nothing counts.",
            address=company_sudo.collection_test_email,
        )
