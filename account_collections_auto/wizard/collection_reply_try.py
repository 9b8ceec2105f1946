from markupsafe import Markup, escape
from odoo import api, fields, models
from odoo.tools import format_date

from ..engine import replies, reply_text
from ..models.collection_reply_rule import ANSWER_TYPES


class CollectionReplyTry(models.TransientModel):
    """What the rules would suggest for a text, before it matters."""

    _name = "collection.reply.try"
    _description = "Try the Words on a Text"

    text = fields.Text(help="Paste a mail, with signature and quoted message if you like: they are left out.")
    date = fields.Date(required=True, default=fields.Date.context_today, help="From this day “tomorrow” counts.")
    answer_type = fields.Selection(ANSWER_TYPES, compute="_compute_result", string="Suggestion")
    result = fields.Html(compute="_compute_result", sanitize=False)

    @api.depends("text", "date")
    @api.depends_context("lang")
    def _compute_result(self):
        rules = self.env["collection.reply.rule"]
        for wizard in self:
            text = reply_text.new_text(wizard.text or "")
            if not text:
                wizard.answer_type = wizard.result = False
                continue
            answer = replies.sort(text, rules._get_rules(), wizard.date or fields.Date.context_today(wizard))
            wizard.answer_type = answer.type
            wizard.result = wizard._describe(text, answer)

    def _describe(self, text, answer):
        labels = dict(self._fields["answer_type"]._description_selection(self.env))
        rows = [
            self.env._(
                "%(type)s, %(points)s points: “%(words)s”",
                type=labels[seen.type],
                points=seen.points,
                words=" ".join(text[seen.start : seen.end].split()),
            )
            for seen in answer.seen
        ]
        facts = [self.env._("Language: %(lang)s", lang=answer.lang)] if answer.lang else []
        if answer.day:
            facts.append(self.env._("Date: %(date)s", date=format_date(self.env, answer.day)))
        if answer.amount:
            facts.append(self.env._("Amount: %(amount)s", amount=f"{answer.amount:.2f} {answer.currency}"))
        lines = Markup("").join(Markup("<li>%s</li>") % escape(row) for row in rows + facts)
        return Markup("<ul>%s</ul>") % lines
