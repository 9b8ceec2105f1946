from typing import NamedTuple

from odoo import Command, api, models
from odoo.exceptions import UserError


class _Rung(NamedTuple):
    name: str
    days: int
    response: int
    text: str
    gap: int = 7
    mode: str = "auto"
    final: bool = False


class CollectionPlanTemplate(models.AbstractModel):
    """Ready-made plans to start from. A table, not records: what a company makes of one is its own plan."""

    _name = "collection.plan.template"
    _description = "Ready-Made Dunning Plan"

    @api.model
    def _get_templates(self):
        """Return {code: values of a plan}, with ``description``: for whom it is. Extend to offer more."""
        courtesy, first, second, final = (
            self.env._("Courtesy reminder"),
            self.env._("First reminder"),
            self.env._("Second reminder"),
            self.env._("Final notice"),
        )
        return {
            "gentle": {
                "name": self.env._("Gentle"),
                "description": self.env._(
                    "For customers whom you know well. Friendly, with plenty of time between the messages; a person approves "
                    "the final notice before it leaves."
                ),
                "minimum_days_between_contacts": 10,
                "grace_days": 5,
                "level_ids": [
                    _Rung(courtesy, -5, 5, "courtesy"),
                    _Rung(first, 10, 10, "first_reminder"),
                    _Rung(second, 30, 10, "second_reminder", gap=14),
                    _Rung(final, 60, 14, "final_notice", gap=14, mode="review", final=True),
                ],
            },
            "standard": {
                "name": self.env._("Standard"),
                "description": self.env._(
                    "For most business customers. A note before the due date, two reminders, and a final notice after five "
                    "weeks; everything leaves by itself."
                ),
                "minimum_days_between_contacts": 7,
                "grace_days": 3,
                "level_ids": [
                    _Rung(courtesy, -3, 3, "courtesy"),
                    _Rung(first, 7, 7, "first_reminder"),
                    _Rung(second, 21, 7, "second_reminder"),
                    _Rung(final, 35, 10, "final_notice", final=True),
                ],
            },
            "strict": {
                "name": self.env._("Strict"),
                "description": self.env._(
                    "For customers who paid late before, or who owe a lot. It starts on the day after the due date and reaches "
                    "the final notice within three weeks."
                ),
                "minimum_days_between_contacts": 5,
                "grace_days": 2,
                "level_ids": [
                    _Rung(first, 1, 5, "first_reminder"),
                    _Rung(second, 10, 5, "second_reminder", gap=5),
                    _Rung(final, 20, 7, "final_notice", gap=5, final=True),
                ],
            },
            "consumer": {
                "name": self.env._("Private customers"),
                "description": self.env._(
                    "For private persons, whom the law of many countries protects: fourteen days to answer each message, at "
                    "least two weeks between two of them, and a person approves the final notice. Check the rules of your "
                    "country."
                ),
                "minimum_days_between_contacts": 14,
                "grace_days": 3,
                "level_ids": [
                    _Rung(courtesy, -7, 7, "courtesy"),
                    _Rung(first, 10, 14, "first_reminder"),
                    _Rung(second, 31, 14, "second_reminder", gap=14),
                    _Rung(final, 60, 14, "final_notice", gap=14, mode="review", final=True),
                ],
            },
        }

    @api.model
    def _prepare_plan_vals(self, code):
        """Return the values of the plan ``code`` and its levels, in the language of the user."""
        template = self._get_templates().get(code)
        if not template:
            raise UserError(self.env._("There is no ready-made plan %(code)s.", code=code))
        vals = {key: value for key, value in template.items() if key != "description"}
        return vals | {
            "template_code": code,
            "level_ids": [Command.create(self._prepare_level_vals(rung)) for rung in template["level_ids"]],
        }

    def _prepare_level_vals(self, rung):
        text = self.env.ref(f"account_collections_auto.mail_template_{rung.text}", raise_if_not_found=False)
        return {
            "name": rung.name,
            "days_overdue": rung.days,
            "response_days": rung.response,
            "minimum_days_since_previous": rung.gap,
            "mode": rung.mode,
            "final_notice": rung.final,
            "step_ids": [Command.create({"channel": "email", "mail_template_id": text.id})] if text else [],
        }

    @api.model
    def _create_plan(self, company, code):
        """Create the plan ``code`` for a root company, with its names in each installed language."""
        english = self.with_context(lang="en_US")
        plan = english.env["collection.plan"].create(
            english._prepare_plan_vals(code) | {"company_id": company.id, "calendar_id": company.sudo().resource_calendar_id.id}
        )
        for lang, _name in self.env["res.lang"].get_installed():
            if lang == "en_US":
                continue
            translated = self.with_context(lang=lang)._get_templates()[code]
            plan.with_context(lang=lang).name = translated["name"]
            levels = plan.level_ids.sorted("days_overdue").with_context(lang=lang)
            for level, rung in zip(levels, translated["level_ids"], strict=True):
                level.name = rung.name
        return plan.with_env(self.env)
