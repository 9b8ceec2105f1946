from odoo import api, models


class CollectionToday(models.AbstractModel):
    """Customers whom no message reaches, about whom somebody decides, and whom somebody calls."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _collect_tiles(self):
        return [
            *super()._collect_tiles(),
            self._tile_could_not_send(),
            self._tile_answers(),
            self._tile_decide(),
            self._tile_call(),
        ]

    @api.model
    def _read_cases(self, domain):
        """Return (company, count, overdue amount) of the cases in ``domain``."""
        measures = ["__count", "amount_overdue:sum"]
        return self.env["collection.case"]._read_group(domain, ["company_id"], measures)

    # -- could not send ------------------------------------------------------------------------------------------------------

    @api.model
    def _tile_could_not_send(self):
        problems = self.env["collection.case"]._read_group(
            self._unreachable_domain(), ["contact_problem_code", "company_id"], ["__count", "amount_overdue:sum"]
        )
        labels = dict(self.env["collection.reason"]._selection_code())
        by_problem = {}
        for code, *row in problems:
            by_problem.setdefault(code, []).append(row)
        lines = [
            self._line(labels.get(code, code), rows, link=self._button("", "open_unreachable", code))
            for code, rows in by_problem.items()
        ]
        return self._tile(
            "could_not_send",
            30,
            "fa-envelope-o",
            self.env._("Could Not Send"),
            self.env._("No message reaches these customers. Type the right address in the list; the next cycle writes again."),
            [row for rows in by_problem.values() for row in rows],
            lines=lines if len(lines) > 1 else [],
            buttons=[self._button(self.env._("Correct the Addresses"), "open_unreachable")],
        )

    @api.model
    def _unreachable_domain(self):
        problem = [("contact_problem_code", "!=", False), ("state", "=", "open"), ("is_snoozed", "=", False)]
        return [*problem, *self._mine_domain()]

    @api.model
    def open_unreachable(self, code=False):
        """Open the customers whom no message reaches; of one problem only."""
        problem = [("contact_problem_code", "=", code)] if code else []
        return self._open("collection_case_action_problem", [*self._unreachable_domain(), *problem])

    # -- they answered -------------------------------------------------------------------------------------------------------

    @api.model
    def _tile_answers(self):
        """The place (sequence 40) of what customers answered: `collection_today_answers.py`."""
        return None

    # -- decide --------------------------------------------------------------------------------------------------------------

    @api.model
    def _tile_decide(self):
        """The place (sequence 50) of what a person decides: `collection_today_decide.py`."""
        return None

    # -- call ----------------------------------------------------------------------------------------------------------------

    @api.model
    def _tile_call(self):
        rows = self._read_cases(self._call_domain())
        return self._tile(
            "call",
            60,
            "fa-phone",
            self.env._("Call"),
            self.env._("The largest overdue customers without a contact for two weeks."),
            rows,
            lines=self._company_lines(rows, "open_calls"),
            buttons=[self._button(self.env._("Open the List"), "open_calls")],
        )

    @api.model
    def _call_domain(self):
        return [("is_to_call", "=", True)]

    @api.model
    def open_calls(self, company_id=False):
        """Open the customers to call, the largest first."""
        return self._open("collection_case_action_call", [*self._call_domain(), *self._company_domain(company_id)])
