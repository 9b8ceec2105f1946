from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import formataddr


class CollectionSafeStart(models.TransientModel):
    """Send one sample to the user, through Odoo's outgoing queue, and say whether it left."""

    _inherit = "collection.safe.start"  # pylint: disable=consider-merging-classes-inherited

    sample_mail_id = fields.Many2one("mail.mail", readonly=True, ondelete="set null")
    sample_result = fields.Selection(
        [("left", "It left"), ("stuck", "It did not leave")], readonly=True, help="What became of the last sample."
    )
    sample_text = fields.Char(readonly=True)

    def action_send_sample(self):
        """Write the first reminder of the default plan to the user, about a made-up customer."""
        self.ensure_one()
        self._check_manager(self.company_id)
        user = self.env.user
        if not user.email_normalized:
            raise UserError(self.env._("You have no e-mail address in Odoo. Add one in your preferences, then try again."))
        # sudo: the outgoing queue belongs to the system; the right was checked above, and the only recipient is the user
        mail = self.env["mail.mail"].sudo().create(self._prepare_sample_mail(user))
        mail.send()
        if mail.state == "sent":
            self.sample_result = "left"
            self.sample_text = self.env._("It left for %(email)s. Look into your mailbox.", email=user.email_normalized)
        else:
            self.sample_result = "stuck"
            self.sample_text = self.env._(
                "It did not leave: %(reason)s. Look at the outgoing mail servers in Odoo's settings.",
                reason=" ".join((mail.failure_reason or mail.state).split()).rstrip("."),
            )
        self.sample_mail_id = mail

    def _prepare_sample_mail(self, user):
        company_sudo = self.company_id.sudo()
        channel = self.env["collection.channel.email"].sudo()
        rendered, body = self._render_sample(user)
        return {
            "subject": f"[TEST] {rendered['subject']}",
            "body_html": body,
            "email_from": self.email_from or channel._get_sender(company_sudo),
            "reply_to": self.reply_to or company_sudo.collection_reply_to or False,
            "email_to": formataddr((user.name, user.email_normalized)),
            "record_company_id": company_sudo.id,
            "record_alias_domain_id": company_sudo.alias_domain_id.id,
            "auto_delete": False,
            "state": "outgoing",
        }

    def _render_sample(self, user):
        """Return (rendered fields, whole body) of the first reminder to a made-up customer, of whom nothing is kept."""
        levels = self.company_id.sudo().collection_plan_id.level_ids.sorted("days_overdue")
        steps = levels.step_ids.filtered("mail_template_id")
        step = steps.filtered(lambda step: step.level_id.days_overdue > 0)[:1] or steps[:1]
        if not step:
            raise UserError(self.env._("The plan of your company sends no e-mail yet. Add a level with a text first."))
        channel = self.env["collection.channel.email"].sudo()
        self.env.flush_all()
        # A raw savepoint: one that flushes would forget what other modules do before the commit.
        with_sample = self.env.cr.savepoint(flush=False)
        try:
            sample = self.env["collection.action"].with_company(self.company_id)._create_sample()
            sample.write({"level_id": step.level_id.id, "lang": user.lang, "recipient": user.email, "is_test": True})
            template = step.mail_template_id
            rendered = template._generate_template(sample.ids, ("subject", "body_html"))
            body = channel._wrap(template, sample, rendered)[sample.id]
            self.env.flush_all()  # what waits to be computed for the sample goes with it
            return rendered[sample.id], body
        finally:
            with_sample.close(rollback=True)
            self.env.invalidate_all(flush=False)
