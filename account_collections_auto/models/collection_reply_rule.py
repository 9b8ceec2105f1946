from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import replies

ANSWER_TYPES = [
    ("paid", "Paid Already"),
    ("promise", "Will Pay"),
    ("run", "In Their Payment Run"),
    ("dispute", "Disputes It"),
    ("missing", "Does Not Have the Invoice"),
    ("copies", "Asks for Copies"),
    ("contact", "Wrong Contact"),
    ("absent", "Out of Office"),
    ("other", "Something Else"),
]


class CollectionReplyRule(models.Model):
    """Words by which an answer of a customer is recognised, in one language. Plain words: no program, no regular expression."""

    _name = "collection.reply.rule"
    _description = "Words of Answers"
    _order = "source, lang, answer_type, points desc, id"

    active = fields.Boolean(default=True)
    answer_type = fields.Selection(
        ANSWER_TYPES,
        string="Suggests",
        required=True,
        help="What a person is shown as a suggestion. Nothing happens by itself. “Something Else” in a file of statuses: "
        "nothing is set for it.",
    )
    source = fields.Selection(
        [("mail", "E-mails"), ("status", "Statuses of a customer's portal")],
        string="Looks At",
        required=True,
        default="mail",
        help="Answers by e-mail, or the column with the status in a file from a customer's payables portal.",
    )
    lang = fields.Selection(
        selection="_selection_lang",
        string="Language",
        help="Language of the words. Empty: for answers in any language.",
    )
    words = fields.Text(
        required=True,
        help="One phrase a line. a|b: one or the other. too_high: words that belong together in such a choice. pay*: any "
        "ending. ... : up to five words in between. Capitals and accents do not count.",
    )
    unless = fields.Text(
        string="Not If the Sentence Has",
        help="One phrase a line: a sentence with one of these does not count, for example “not” or “will”.",
    )
    points = fields.Integer(
        required=True,
        default=2,
        aggregator=None,
        help="How sure the words are. The answer with the most points is suggested; less than two points suggest nothing, so "
        "that weak words with one point need a second one.",
    )
    dispute_reason_id = fields.Many2one(
        "collection.dispute.reason",
        domain=[("parent_id", "=", False)],
        ondelete="set null",
        help="The reason that is proposed when the dispute is recorded.",
    )

    _points_positive = models.Constraint("CHECK(points BETWEEN 1 AND 9)", "Give a rule between one and nine points.")

    @api.model
    def _selection_lang(self):
        """Languages of Odoo, by their first two letters: a rule for German is for Swiss German too."""
        names = {}
        for lang in self.env["res.lang"].with_context(active_test=False).search([("code", "!=", False)], order="code"):
            names.setdefault(lang.code[:2], lang.name.split(" / ")[0].split(" (")[0])
        return sorted(names.items(), key=lambda pair: pair[1])

    @api.depends("answer_type", "lang", "words")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["answer_type"]._description_selection(self.env))
        for rule in self:
            first = (rule.words or "").strip().split("\n")[0]
            rule.display_name = f"{labels.get(rule.answer_type, '')}: {first}" if first else False

    @api.constrains("words")
    def _check_words(self):
        for rule in self:
            if not any(rule._lines(rule.words)):
                raise ValidationError(rule.env._("Write at least one phrase."))

    @api.model
    def _lines(self, text):
        return tuple(line.strip() for line in (text or "").split("\n") if line.strip())

    @api.model
    def _get_rules(self, source="mail"):
        """Return the rules as the engine reads them."""
        # sudo: whoever sorts answers need not be able to read the configuration
        return [
            replies.Rule(
                type=rule.answer_type,
                lang=rule.lang or "",
                phrases=self._lines(rule.words),
                unless=self._lines(rule.unless),
                points=rule.points,
                id=rule.id,
            )
            for rule in self.sudo().search([("source", "=", source)])
        ]
