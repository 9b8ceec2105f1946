import logging
import re
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import is_html_empty

_logger = logging.getLogger(__name__)

MODEL = "collection.action"


class MailTemplate(models.Model):
    _inherit = "mail.template"

    collection_is_message = fields.Boolean(
        string="Message to Many Customers",
        help="Collectors may send this text to customers of their choice. It belongs to no level of a dunning plan.",
    )

    @api.constrains("model_id")
    def _check_steps_keep_their_texts(self):
        """A text that dunning steps use stays one about collection messages."""
        # sudo: whoever edits a template need not see the plans that use it
        self.env["collection.step"].sudo().search([("mail_template_id", "in", self.ids)])._check_template_is_about_messages()
        plans_sudo = self.env["collection.plan"].sudo().with_context(active_test=False)
        plans_sudo.search([("broken_promise_template_id", "in", self.ids)])._check_template_is_about_messages()

    def _check_can_be_rendered(self, fnames=None, render_options=None):
        """The texts of messages are tried on a built-in sample in each installed language, and refused with the reason."""
        ours = self.filtered(lambda template: template.sudo().model_id.model == MODEL)
        names = self._get_dynamic_field_names()
        names = names & set(fnames) if fnames else names
        if ours and names:
            ours._check_on_sample(names)
        return super(MailTemplate, self - ours)._check_can_be_rendered(fnames=fnames, render_options=render_options)

    def _check_on_sample(self, names):
        """Render ``names`` on a sample that is rolled back."""
        # Below it is the system that renders: first ask whether this user may write such texts at all. The rule that
        # Odoo asked before the writing saw the model that the template had then.
        self.check_access("write")
        self.env.flush_all()
        # A raw savepoint: one that flushes would forget what other modules do before the commit.
        with_sample = self.env.cr.savepoint(flush=False)
        try:
            sample = self.env[MODEL]._create_sample()
            for template in self:
                for code, _label in self.env["res.lang"].get_installed():
                    template.sudo().with_context(lang=code)._check_rendered(sample, names, code)
            self.env.flush_all()
        finally:
            with_sample.close(rollback=True)
            self.env.invalidate_all(flush=False)

    def _check_rendered(self, sample, names, lang):
        for name in sorted(names):
            try:
                text = self._render_field(name, sample.ids)[sample.id]
            except Exception as error:  # whatever the expression of a user can raise
                raise ValidationError(self._explain_refusal(name, lang, root_cause(error))) from error
            if (name == "subject" and not (text or "").strip()) or (name == "body_html" and is_html_empty(text)):
                raise ValidationError(self._explain_refusal(name, lang, self.env._("it would be empty")))

    def _explain_refusal(self, name, lang, reason):
        return self.env._(
            "%(template)s cannot be used: its %(field)s fails for a sample message (%(language)s): %(reason)s",
            template=self.name,
            field=self._fields[name]._description_string(self.env),
            language=lang,
            reason=reason,
        )

    @contextmanager
    def _explaining(self):
        """Say in one sentence that this text cannot be filled in, when what follows fails; the log has the details.

        What is meant for people to read already, and a conflict with another transaction, are passed on.
        """
        try:
            yield
        except (ConcurrencyError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            raise
        except Exception as error:  # whatever the expression of a user can raise
            if isinstance(error, UserError) and not error.__cause__:
                raise
            _logger.info("The text %s cannot be filled in", self.name, exc_info=True)
            raise UserError(self._explain_failure(error)) from None

    def _explain_failure(self, error):
        reason = self._find_unknown_name(error) or self.env._(
            "something in it fails for this customer, and the log of the server says what"
        )
        if self.model == MODEL:
            return self.env._(
                "The text “%(template)s” cannot be filled in: %(reason)s. Correct it under Configuration, Texts of Messages.",
                template=self.name,
                reason=reason,
            )
        return self.env._(
            "The e-mail template “%(template)s” cannot be filled in: %(reason)s. Correct it in Odoo's settings.",
            template=self.name,
            reason=reason,
        )

    @api.model
    def _find_unknown_name(self, error):
        """Return what to say of a placeholder that does not exist, if that is what went wrong."""
        reason = root_cause(error)
        unknown = re.search(r"has no attribute '(\w+)'", reason) or re.search(r"name '(\w+)' is not defined", reason)
        return self.env._("it names “%(name)s”, which does not exist", name=unknown[1]) if unknown else ""


def root_cause(error):
    """Return in one line what went wrong first, without the report of the engine around it."""
    while error.__cause__:
        error = error.__cause__
    text = str(error).split("\n", 1)[0] or type(error).__name__
    # "AttributeError('what is wrong') while evaluating"
    quoted = re.fullmatch(r"\w+\(([\"'])(.*)\1\) while evaluating", text)
    return quoted[2].replace("\\'", "'") if quoted else text
