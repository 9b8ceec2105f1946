from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CollectionStep(models.Model):
    """One contact of a level: a channel with its template, possibly the fallback of another step."""

    _name = "collection.step"
    _description = "Dunning Step"
    _order = "level_id, sequence, id"

    level_id = fields.Many2one(
        "collection.level", required=True, index=True, ondelete="cascade", help="The level that this step belongs to."
    )
    plan_id = fields.Many2one(related="level_id.plan_id")
    company_id = fields.Many2one(related="level_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10, help="The order in which the steps are tried.")
    channel = fields.Selection(
        [("email", "E-mail")], required=True, default="email", help="How the customer is contacted in this step."
    )
    fallback_of_id = fields.Many2one(
        "collection.step",
        string="Instead Of",
        ondelete="cascade",
        domain="[('level_id', '=', level_id), ('id', '!=', id)]",
        help="This step is used only when that one cannot reach the customer.",
    )
    mail_template_id = fields.Many2one(
        "mail.template",
        string="E-mail Template",
        ondelete="restrict",
        domain="[('model', '=', 'collection.action')]",
        help="The text of the message. It is changed with Edit Text, or under Configuration, Texts of Messages.",
        default=lambda self: self.env.ref("account_collections_auto.mail_template_first_reminder", raise_if_not_found=False),
    )
    attach_invoices = fields.Boolean(help="Attach the PDF of each claimed invoice, as it was sent.")
    attach_letter = fields.Boolean(help="Attach the notice as a PDF letter with the same wording.")
    attachment_limit_mb = fields.Float(
        string="Attachments Up To (MB)",
        default=5.0,
        help="Invoices are left out, oldest kept first, when the files together would be larger than this.",
    )

    _channel_once = models.UniqueIndex(
        "(level_id, channel)", "A level contacts a customer through each channel once: it has a step of this channel already."
    )

    def _pass_on_fallbacks(self, copies):
        """A fallback among ``copies`` takes the place of the step that was copied with it, not of the original's."""
        twins = dict(zip(self.sorted("id"), copies.sorted("id"), strict=True))
        for step, twin in twins.items():
            twin.fallback_of_id = twins.get(step.fallback_of_id)

    def action_edit_text(self):
        """Open the text of this step in the editor with its preview."""
        self.ensure_one()
        action = self.env["ir.actions.client"]._for_xml_id("account_collections_auto.collection_message_editor_action")
        return action | {"params": {"template_id": self.mail_template_id.id}}

    @api.constrains("mail_template_id")
    def _check_template_is_about_messages(self):
        """The text of another model would be filled with whatever record of it bears the number of the message."""
        for step in self:
            if step.mail_template_id and step.mail_template_id.sudo().model != "collection.action":
                raise ValidationError(
                    step.env._(
                        "%(template)s is not a text for collection messages, so level %(level)s cannot send it.",
                        template=step.mail_template_id.name,
                        level=step.level_id.name,
                    )
                )

    @api.constrains("channel", "mail_template_id")
    def _check_email_has_template(self):
        for step in self:
            if step.channel == "email" and not step.mail_template_id:
                raise ValidationError(
                    step.env._("The e-mail step of level %(level)s needs an e-mail template.", level=step.level_id.name)
                )
