from odoo import api, fields, models


class CollectionReplyMixin(models.AbstractModel):
    """What the questions about an answer by e-mail share: the answer, its case, and one contact of the customer."""

    _name = "collection.reply.mixin"
    _description = "Question about an Answer"

    reply_id = fields.Many2one("collection.reply", required=True, readonly=True, ondelete="cascade")
    case_id = fields.Many2one(related="reply_id.case_id")
    company_id = fields.Many2one(related="reply_id.company_id")
    is_stranger = fields.Boolean(related="reply_id.is_stranger")
    contact_ids = fields.Many2many("res.partner", compute="_compute_contact_ids")
    partner_id = fields.Many2one("res.partner", compute="_compute_partner_id", store=True, readonly=False)

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards.reply_id.check_access("read")  # the related fields above are read without a look at the rights
        return wizards

    @api.depends("reply_id")
    def _compute_contact_ids(self):
        for wizard in self:
            wizard.contact_ids = wizard.case_id.contact_ids

    @api.depends("reply_id")
    def _compute_partner_id(self):
        for wizard in self:
            wizard.partner_id = wizard.reply_id._get_contact_to_answer()
