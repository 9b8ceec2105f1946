from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import placeholders


class CollectionRequestText(models.Model):
    """The text of a message in one language, as a person edits it: no program, names in brackets stand for values.

    As long as nobody edits it, the template itself is used.
    """

    _name = "collection.request.text"
    _description = "Text of a Sending"
    _order = "customer_count desc, id"
    _rec_name = "lang"

    request_id = fields.Many2one("collection.request", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="request_id.company_id", store=True, index=True)
    lang = fields.Char(readonly=True)
    language = fields.Char(compute="_compute_language")
    customer_count = fields.Integer(string="Customers", readonly=True)
    template_subject = fields.Char(compute="_compute_template_text")
    template_body = fields.Html(compute="_compute_template_text")
    is_editable = fields.Boolean(compute="_compute_template_text")
    own_subject = fields.Char(readonly=True)
    own_body = fields.Html(readonly=True)
    is_edited = fields.Boolean(compute="_compute_is_edited", string="Changed")
    subject = fields.Char(compute="_compute_text", inverse="_inverse_text")
    body = fields.Html(compute="_compute_text", inverse="_inverse_text")

    _lang_unique = models.UniqueIndex("(request_id, COALESCE(lang, ''))", "There is a text in this language already.")

    @api.depends("lang")
    @api.depends_context("lang")
    def _compute_language(self):
        names = dict(self.env["res.lang"].get_installed())
        for text in self:
            text.language = names.get(text.lang) or text.lang or self.env._("No language set")

    @api.depends("lang", "request_id.template_id")
    def _compute_template_text(self):
        for text in self:
            template_sudo = text.request_id.template_id.sudo().with_context(lang=text.lang or self.env.lang)
            subject = placeholders.to_placeholders(template_sudo.subject)
            body = placeholders.to_placeholders(template_sudo.body_html)
            text.is_editable = subject is not None and body is not None
            text.template_subject = subject or ""
            text.template_body = body or ""

    @api.depends("own_subject", "own_body")
    def _compute_is_edited(self):
        for text in self:
            text.is_edited = bool(text.own_subject or text.own_body)

    @api.depends("own_subject", "own_body", "template_subject", "template_body")
    def _compute_text(self):
        for text in self:
            text.subject = text.own_subject or text.template_subject
            text.body = text.own_body or text.template_body

    def _inverse_text(self):
        """Keep what a person wrote; back at the template's words, the template is used again."""
        for text in self:
            text.request_id._check_own_draft()
            text.request_id._check_is_draft()
            subject, body = text.subject, text.body
            same = subject == text.template_subject and body == text.template_body
            text.sudo().write({"own_subject": not same and subject, "own_body": not same and body})
        self._check_placeholders()

    def write(self, vals):
        """Only the words are written by hand."""
        if not self.env.su:
            vals = {name: value for name, value in vals.items() if name in ("subject", "body")}
        return super().write(vals)

    def action_use_template(self):
        """Forget what was changed."""
        self.request_id._check_own_draft()
        self.request_id._check_is_draft()
        self.sudo().write({"own_subject": False, "own_body": False})

    def _check_placeholders(self):
        for text in self:
            unknown = placeholders.unknown_placeholders(f"{text.own_subject or ''} {text.own_body or ''}")
            if unknown:
                raise UserError(
                    self.env._(
                        "[%(name)s] stands for nothing. What you can write in brackets: %(names)s.",
                        name=unknown[0],
                        names=", ".join(f"[{name}]" for name in placeholders.EXPRESSIONS),
                    )
                )

    def _fill(self, action):
        """Return subject and body of the message ``action`` in the words of this text."""
        self.ensure_one()
        values = {
            "customer": action.greeting_name,
            "company": action.company_id.name,
            "amount": action.claimed_text,
            "amount in words": action.claimed_words,
            "promise": action.promised_text,
            "offer": action.offered_text,
            "items": action.items_table,
            "how to pay": action.payment_details,
            "contact": action.contact_details,
        }
        return {
            "subject": placeholders.fill_text(self.subject, values),
            "body_html": placeholders.fill_html(self.body, values),
        }
