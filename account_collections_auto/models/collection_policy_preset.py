from odoo import Command, api, models
from odoo.exceptions import UserError
from odoo.tools import file_open

from ..engine.policy_presets import TYPES, Preset, PresetError, PresetHours, read_presets, write_presets

_FILE = "account_collections_auto/presets/contact_rules.csv"


class CollectionPolicy(models.Model):
    """Contact rules come from a table of ready-made ones, and go back into one."""

    _inherit = "collection.policy"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _read_presets(self, content=None):
        """Return the `Preset` rows of ``content``, bytes of a CSV file, else of our own; UserError names row and column."""
        if content is None:
            with file_open(_FILE, "rb") as file:
                content = file.read()
        try:
            presets = read_presets(content)
            for row, preset in presets.items():
                self._prepare_preset_vals(preset, row)
        except PresetError as error:
            raise UserError(self._describe_preset_error(error)) from error
        return list(presets.values())

    @api.model
    def _prepare_preset_vals(self, preset, row=0):
        """Return the values of a policy after ``preset``; `PresetError` for a place or channel that is not known here."""
        countries = self._find_preset_places("res.country", preset.countries, "countries", row)
        states = self._find_preset_places("res.country.state", preset.states, "states", row)
        channels = dict(self.env["collection.policy.hours"]._fields["channel"]._description_selection(self.env))
        for hours in preset.hours:
            if hours.channel and hours.channel not in channels:
                raise PresetError(row, "hours", "value", hours.channel)
        return {
            "name": preset.name,
            "preset": preset.key,
            "country_ids": [Command.set(countries.ids)],
            "state_ids": [Command.set(states.ids)],
            **{f"for_{code}": code in preset.types for code in TYPES},
            "binds": preset.binds,
            "hours_ids": [Command.create(self._prepare_preset_hours(hours)) for hours in preset.hours],
            "legal_force": preset.force,
            "zones": preset.zones,
            "closed_on_holidays": preset.holidays == "closed",
            "citation": preset.citation,
            "valid_from": preset.valid_from,
            "confidence": preset.confidence,
            "checked_on": preset.checked_on,
            "note": preset.note,
        }

    def _prepare_preset_hours(self, hours):
        days = self.env["collection.policy.hours"]._weekdays()
        return {
            **{day: number in hours.days for number, day in enumerate(days)},
            "channel": hours.channel or False,
            "hour_from": hours.start / 60,
            "hour_to": hours.end / 60,
        }

    def _find_preset_places(self, model, codes, column, row):
        found = self.env[model]
        for code in codes:
            country, _dash, state = code.partition("-")
            domain = [("code", "=", country)]
            if column == "states":
                # Odoo names a state with or without its country in front.
                domain = [("country_id.code", "=", country), ("code", "in", [state, code])]
            place = found.search(domain, limit=1)
            if not place:
                raise PresetError(row, column, "value", code)
            found |= place
        return found

    def _describe_preset_error(self, error):
        """Return the sentence that says where a file is wrong, and what is."""
        texts = {
            "encoding": self.env._("this is not text in UTF-8. Save the file as CSV in UTF-8."),
            "heading": self.env._("a cell or column is missing, or there is one too many."),
            "empty": self.env._("something has to stand here."),
            "value": self.env._('"%(value)s" is not known here.', value=error.value),
            "hours": self.env._('"%(value)s" does not read like "mon-fri 08:00-20:00".', value=error.value),
            "date": self.env._('"%(value)s" is no date like 2026-06-13.', value=error.value),
            "twice": self.env._('"%(value)s" stands in another row already.', value=error.value),
        }
        return self.env._(
            "Row %(row)s, column %(column)s: %(problem)s",
            row=error.row,
            column=error.column or "-",
            problem=texts[error.problem],
        )

    def _make_preset(self):
        """Return these rules as a `Preset`: what loading it again makes equal rules of."""
        self.ensure_one()
        days = self.env["collection.policy.hours"]._weekdays()
        return Preset(
            key=self.preset or f"OWN-{self.id}",
            name=self.name,
            countries=tuple(self.country_ids.sorted("code").mapped("code")),
            states=tuple(sorted(map("-".join, self._get_states()))),
            types=tuple(code for code in TYPES if self[f"for_{code}"]),
            binds=self.binds,
            hours=tuple(
                PresetHours(
                    tuple(number for number, day in enumerate(days) if hours[day]),
                    round(hours.hour_from * 60),
                    round(hours.hour_to * 60),
                    hours.channel or "",
                )
                for hours in self.hours_ids
            ),
            force=self.legal_force,
            zones=self.zones,
            holidays="closed" if self.closed_on_holidays else "open",
            citation=self.citation or "",
            valid_from=self.valid_from or None,
            confidence=self.confidence or "low",
            checked_on=self.checked_on or None,
            note=" ".join((self.note or "").split()),
        )

    def action_export(self):
        """Download these rules as a CSV file that *Load Ready-Made Rules* reads again."""
        self.check_access("read")
        content = write_presets([policy._make_preset() for policy in self])
        return self.env["collection.policy.load"]._download(content)
