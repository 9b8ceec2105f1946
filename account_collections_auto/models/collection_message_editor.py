from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import is_html_empty

from .mail_template import MODEL, root_cause

EDITOR_GROUP = "mail.group_mail_template_editor"
MANAGER_GROUP = "account_collections_auto.group_collection_manager"


class CollectionMessageEditor(models.AbstractModel):
    """The screen on which the texts of messages are written: what it shows, its preview, and saving."""

    _name = "collection.message.editor"
    _description = "Editor of Messages"

    @api.model
    def get_page(self, template_id=False):
        """Return all that the screen needs to start on a text: the one asked for, else the first that a level uses."""
        self._check_reader()
        templates = self._get_templates()
        template = templates.filtered(lambda template: template.id == template_id) or templates[:1]
        languages = self.env["res.lang"].get_installed()
        codes = [code for code, _name in languages]
        return {
            "templates": [{"id": template.id, "label": self._describe(template)} for template in templates],
            "template_id": template.id,
            "languages": languages,
            "language": self.env.lang if self.env.lang in codes else codes[0],
            "texts": {code: self._get_text(template, code) for code in codes} if template else {},
            "placeholders": self._get_placeholders(),
            "why_not": self._get_refusal(template),
            "is_shipped": bool(template.sudo().template_fs),
            "partner_id": self._find_example(template).id,
        }

    @api.model
    def get_preview(self, template_id, language, partner_id=False, subject=None, body=None):
        """Return ``subject``, ``html`` and ``examples`` of the placeholders for a customer, or ``error`` in a sentence.

        Without a customer it is a made-up one. Rendered on a message that is rolled back: nothing is sent or kept. Who may
        not write texts sees the text that is saved, whatever is given.
        """
        self._check_reader()
        template = self._get_template(template_id)
        if language not in [code for code, _name in self.env["res.lang"].get_installed()]:
            raise UserError(self.env._("This language is not installed."))
        case = self._find_case(partner_id)
        if self._get_refusal(template) or subject is None or body is None:
            text = self._get_text(template, language)
            subject, body = text["subject"], text["body"]
        self.env.flush_all()
        # A raw savepoint: one that flushes would forget what other modules do before the commit.
        trial = self.env.cr.savepoint(flush=False)
        try:
            return self._render(template.sudo().with_context(lang=language), case, subject, body)
        finally:
            trial.close(rollback=True)
            self.env.invalidate_all(flush=False)

    @api.model
    def save(self, template_id, texts):
        """Write ``texts``, {language: {subject, body}}, if each can be rendered. Return ``error`` in a sentence, or nothing."""
        template = self._get_template(template_id)
        refusal = self._get_refusal(template)
        if refusal:
            raise AccessError(refusal)
        try:
            with self.env.cr.savepoint():
                for language, text in texts.items():
                    template.with_context(lang=language).write({"subject": text["subject"], "body_html": text["body"]})
        except UserError as error:
            return {"error": str(error)}
        return {}

    @api.model
    def reset(self, template_id):
        """Give a text back the wording that it was shipped with, in all languages."""
        template = self._get_template(template_id)
        refusal = self._get_refusal(template)
        if refusal:
            raise AccessError(refusal)
        template.reset_template()

    # -- who may what --------------------------------------------------------------------------------------------------

    def _check_reader(self):
        if not self.env.user.has_group("account_collections_auto.group_collection_auditor"):
            raise AccessError(self.env._("Only people who work with collections see the texts of messages."))

    def _get_refusal(self, template):
        """Return why this user may not change ``template``, False if that is allowed."""
        if not self.env.user.has_group(MANAGER_GROUP):
            return self.env._("You can read this text. Only a collection manager changes the texts of messages.")
        if not self.env.user.has_group(EDITOR_GROUP):
            return self.env._(
                "You can read this text. To change it you need Odoo's right “%(group)s” as well, because a text is a small "
                "program: an administrator gives it to you in the settings of your user.",
                group=self.env.ref(EDITOR_GROUP).sudo().name,
            )
        if template and not template.has_access("write"):
            return self.env._("You can read this text, but you have no right to change it.")
        return False

    # -- texts -----------------------------------------------------------------------------------------------------------

    def _get_templates(self):
        """Return the texts of messages, those that levels use first, in the order of the levels."""
        templates = self.env["mail.template"].search([("model", "=", MODEL)], order="id")
        levels = self._get_levels().sorted(lambda level: (level.plan_id.sequence, level.plan_id.id, level.days_overdue))
        return (levels.step_ids.mail_template_id & templates) | templates

    def _get_template(self, template_id):
        template = self._get_templates().filtered(lambda template: template.id == template_id)
        if not template:
            raise UserError(self.env._("This text is gone, or it is not one of the messages to customers."))
        return template

    def _describe(self, template):
        levels = self._get_levels().filtered(lambda level: template in level.step_ids.mail_template_id)
        if not levels:
            return template.name
        where = ", ".join(dict.fromkeys(f"{level.plan_id.name}: {level.name}" for level in levels[:3]))
        return self.env._("%(text)s (%(levels)s)", text=template.name, levels=where)

    def _get_levels(self):
        return self.env["collection.level"].search([("plan_id.active", "=", True)])

    def _get_text(self, template, language):
        template = template.with_context(lang=language)
        return {"subject": template.subject or "", "body": template.body_html or ""}

    def _get_placeholders(self):
        """Return what can be put into a text, in plain words. ``is_block``: a paragraph of its own, not for subjects."""
        names = {
            "object.greeting_name": (self.env._("Customer"), False),
            "object.claimed_text": (self.env._("Total"), False),
            "object.claimed_words": (self.env._("Total in words"), False),
            "object.deadline_text": (self.env._("Deadline"), False),
            "object.promised_text": (self.env._("Broken promise"), False),
            "object.offered_text": (self.env._("Settlement offer"), False),
            "object.level_id.name": (self.env._("Level"), False),
            "object.company_id.name": (self.env._("Our company"), False),
            "object.case_id.user_id.name": (self.env._("Collector"), False),
            "object.items_table": (self.env._("Table of invoices"), True),
            "object.payment_details": (self.env._("Bank account"), True),
            "object.contact_details": (self.env._("Whom to ask"), True),
        }
        return [
            {"expression": expression, "label": label, "is_block": is_block} for expression, (label, is_block) in names.items()
        ]

    # -- the preview -----------------------------------------------------------------------------------------------------

    def _find_example(self, template):
        """Return somebody real to start with: who owes for longest; for a text before the due date, whose debt is due next."""
        ours = [("company_id", "=", self.env.company.root_id.id)]
        level = self._get_level(template)
        if level and level.days_overdue <= 0:
            today = self.env.company._collection_today()
            upcoming = [*ours, ("due_date", ">=", today), ("amount_residual_currency", ">", 0)]
            item = self.env["collection.item"].search(upcoming, order="due_date, id", limit=1)
            if item:
                return item.case_id.partner_id
        debts = [*ours, ("state", "=", "open"), ("oldest_due_date", "!=", False)]
        return self.env["collection.case"].search(debts, order="oldest_due_date, id", limit=1).partner_id

    def _get_level(self, template):
        """Return the first level that uses ``template``; none for a text that no level uses."""
        return self._get_levels().filtered(lambda level: template in level.step_ids.sudo().mail_template_id)[:1]

    def _find_case(self, partner_id):
        partner = self.env["res.partner"].browse(partner_id or [])
        partner.check_access("read")
        return self.env["collection.case"].search(
            [("partner_id", "in", partner.commercial_partner_id.ids), ("company_id", "=", self.env.company.root_id.id)]
        )

    def _render(self, template_sudo, case, subject, body):
        level = self._get_level(template_sudo)
        language = template_sudo.env.lang
        actions = self.env[MODEL].with_context(lang=language)
        if case:
            trial_sudo = actions._create_trial(case.with_context(lang=language), level or case.level_id)
        else:
            trial_sudo = actions._create_sample(level)
        try:
            subject = template_sudo._render_template(subject, MODEL, trial_sudo.ids)[trial_sudo.id]
        except Exception as error:  # whatever the expression of a user can raise
            return {"error": self.env._("The subject cannot be shown: %(reason)s", reason=self._explain(error))}
        try:
            options = {"post_process": True}
            body = template_sudo._render_template(body, MODEL, trial_sudo.ids, engine="qweb", options=options)[trial_sudo.id]
        except Exception as error:  # whatever the expression of a user can raise
            return {"error": self.env._("The text cannot be shown: %(reason)s", reason=self._explain(error))}
        if is_html_empty(body):
            return {"error": self.env._("The message would be empty.")}
        email = self.env["collection.channel.email"].sudo()
        html = email._wrap(template_sudo, trial_sudo, {trial_sudo.id: {"body_html": body}})[trial_sudo.id]
        return {"subject": subject, "html": html, "examples": self._get_examples(trial_sudo)}

    def _explain(self, error):
        unknown = self.env["mail.template"]._find_unknown_name(error)
        return f"{unknown}." if unknown else root_cause(error)

    def _get_examples(self, trial_sudo):
        """Return {expression: its value for this customer} of the placeholders that are no blocks."""
        examples = {}
        for placeholder in self._get_placeholders():
            if not placeholder["is_block"]:
                path = placeholder["expression"].removeprefix("object.")
                examples[placeholder["expression"]] = trial_sudo.mapped(path)[0] if trial_sudo.mapped(path) else ""
        return examples
