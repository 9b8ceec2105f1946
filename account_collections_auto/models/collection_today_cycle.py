from odoo import api, models
from odoo.tools import SQL, format_date


class CollectionToday(models.AbstractModel):
    """What the last cycle did, whether one waits to be confirmed, and what tomorrow's would do."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _collect_tiles(self):
        last = self._find_last_cycles()
        return [
            *super()._collect_tiles(),
            self._tile_preview(self._find_waiting_previews()),
            self._tile_last_cycle(last),
            self._tile_tomorrow(last),
        ]

    @api.model
    def _find_last_cycles(self):
        """Return the newest cycle of each company that ran."""
        return self._find_cycles(SQL("cycle.state IN ('running', 'done')"))

    @api.model
    def _find_waiting_previews(self):
        """Return what was prepared for today and waits; nothing of a company whose cycle of today ran."""
        return self._find_cycles(
            SQL(
                """cycle.state = 'preview' AND cycle.is_automatic AND cycle.date = %s
                   AND NOT EXISTS (SELECT 1 FROM collection_cycle ran
                                    WHERE ran.company_id = cycle.company_id AND ran.date >= cycle.date
                                      AND ran.state IN ('running', 'done'))""",
                self.env["collection.case"]._today_sql("cycle"),
            )
        )

    @api.model
    def _find_cycles(self, condition):
        """Return the newest cycle of each company that meets ``condition`` (SQL on ``cycle``)."""
        companies = self.env.companies.root_id & self.env.companies
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (company_id) id FROM collection_cycle cycle
                    WHERE company_id = ANY(%s) AND %s ORDER BY company_id, date DESC, id DESC""",
                companies.ids,
                condition,
            )
        )
        return self.env["collection.cycle"].browse([row[0] for row in rows])

    # -- a preview waits -------------------------------------------------------------------------------------------------

    @api.model
    def _tile_preview(self, cycles):
        """What was prepared at night, or stopped by itself: nothing leaves before a person has looked at it."""
        found = self._count_to_confirm(cycles)
        rows = [(cycle.company_id, *found.get(cycle.id, (0, 0.0))) for cycle in cycles]
        stopped = cycles.filtered("stop_code")
        text = self.env._("Customers would be contacted today. Nothing leaves until somebody confirms it.")
        if len(cycles) == 1 and stopped:
            text = self.env._(
                "The cycle stopped: %(reason)s. Nothing leaves until somebody confirms it.", reason=stopped.stop_reason
            )
        buttons = [self._button(self.env._("Look and Confirm"), "open_cycle", cycles.id)] if len(cycles) == 1 else []
        lines = []
        if len(cycles) > 1:
            lines = [
                self._line(
                    f"{cycle.company_id.name}: {cycle.stop_reason}" if cycle.stop_code else cycle.company_id.name,
                    [row],
                    link=self._button("", "open_cycle", cycle.id),
                )
                for cycle, row in zip(cycles, rows, strict=True)
            ]
        return self._tile("preview", 5, "fa-pause-circle-o", self.env._("To Confirm"), text, rows, lines=lines, buttons=buttons)

    @api.model
    def _count_to_confirm(self, cycles):
        """Return {cycle id: (customers, amount)} to contact; without the messages that wait for approval already."""
        rows = self.env.execute_query(
            SQL(
                """SELECT line.cycle_id, count(DISTINCT line.case_id), sum(line.amount)::float
                     FROM collection_cycle_line line
                    WHERE line.cycle_id = ANY(%s) AND line.decision = 'planned'
                      AND NOT EXISTS (SELECT 1 FROM collection_action waiting
                                       WHERE waiting.case_id = line.case_id AND waiting.level_id = line.level_id
                                         AND waiting.state = 'review')
                    GROUP BY line.cycle_id""",
                cycles.ids,
            )
        )
        return {cycle_id: (count, amount or 0.0) for cycle_id, count, amount in rows}

    # -- the last cycle --------------------------------------------------------------------------------------------------

    @api.model
    def _tile_last_cycle(self, cycles):
        """A note: what left, what was held back, what failed, and whether the bank was in."""
        states, tests = self._read_messages(cycles)
        decisions = self._read_left_out(cycles)
        lines, sent, stamps = [], [], []
        for cycle in cycles:
            company = cycle.company_id
            prefix = f"{company.name}: " if self._has_companies() else ""
            sent_label = self.env._("Sent (test)") if cycle in tests else self.env._("Sent")
            parts = [
                ("sent", sent_label, self._add_up(company, states, cycle, "sent", "delivered"), ""),
                ("waiting", self.env._("Still leaving"), self._add_up(company, states, cycle, "planned", "queued"), ""),
                ("withheld", self.env._("Held back"), self._add_up(company, decisions, cycle, "withheld"), ""),
                ("dropped", self.env._("Dropped"), self._add_up(company, decisions, cycle, "dropped"), ""),
                ("failed", self.env._("Failed"), self._add_up(company, states, cycle, "failed", "bounced"), "danger"),
            ]
            for part, label, row, tone in parts:
                if row[1]:
                    link = self._button("", "open_cycle", cycle.id, part)
                    lines.append(self._line(prefix + label, [row], link=link, tone=tone))
            lines += self._bank_lines(cycle, prefix)
            sent.append(parts[0][2])
            stamps += [cycle.id, cycle.state, parts[-1][2][1]]
        text = self.env._("Messages left with the last cycle.")
        buttons = []
        if len(cycles) == 1:
            day = format_date(self.env, cycles.date)
            text = self.env._("Messages left with the cycle of %(date)s.", date=day)
            buttons = [self._button(self.env._("Open the Cycle"), "open_cycle", cycles.id)]
        return self._tile(
            "last_cycle",
            10,
            "fa-paper-plane-o",
            self.env._("Last Cycle (test)") if tests else self.env._("Last Cycle"),
            text,
            sent,
            lines=lines,
            buttons=buttons,
            stamp=":".join(map(str, stamps)),
        )

    @api.model
    def _read_messages(self, cycles):
        """Return {(cycle, state of its messages): (count, amount)}, and the cycles with messages in test mode."""
        figures, tests = {}, self.env["collection.cycle"]
        rows = self.env["collection.action"]._read_group(
            [("cycle_id", "in", cycles.ids)], ["cycle_id", "state", "is_test"], ["__count", "amount:sum"]
        )
        for cycle, state, is_test, count, amount in rows:
            before = figures.get((cycle, state), (0, 0.0))
            figures[cycle, state] = (before[0] + count, before[1] + (amount or 0.0))
            if is_test:
                tests |= cycle
        return figures, tests

    @api.model
    def _read_left_out(self, cycles):
        """Return {(cycle, decision): (number of customers, amount)} of the customers to whom a cycle did not write."""
        rows = self.env["collection.cycle.line"]._read_group(
            [("cycle_id", "in", cycles.ids), ("decision", "!=", "planned")],
            ["cycle_id", "decision"],
            ["case_id:count_distinct", "amount:sum"],
        )
        return {(cycle, decision): (count, amount or 0.0) for cycle, decision, count, amount in rows}

    @api.model
    def _add_up(self, company, figures, cycle, *values):
        found = [figures.get((cycle, value), (0, 0.0)) for value in values]
        return (company, sum(count for count, _amount in found), sum(amount for _count, amount in found))

    @api.model
    def _bank_lines(self, cycle, prefix):
        """Return a line on the newest bank line of the company; none for a company without bank lines."""
        dated = [journal for journal in cycle.bank_status or [] if journal["last_date"]]
        if not dated:
            return []
        newest = max(dated, key=lambda journal: journal["last_date"])
        late = cycle.sudo()._bank_is_stale()  # sudo: the settings of the company
        journal = cycle._describe_bank(newest)
        if late:
            return [self._line(prefix + self.env._("The bank is late. %(journal)s", journal=journal), [], tone="warning")]
        return [self._line(prefix + self.env._("The bank is in. %(journal)s", journal=journal), [])]

    @api.model
    def open_cycle(self, cycle_id, part=False):
        """Open a cycle, or the list of a part of what it did."""
        cycle = self.env["collection.cycle"].browse(cycle_id)
        if part in ("withheld", "dropped"):
            return self._open(
                "collection_cycle_line_action",
                [("cycle_id", "=", cycle.id), ("decision", "=", part)],
                context={"search_default_group_reason": 1},
            )
        states = {"sent": ("sent", "delivered"), "waiting": ("planned", "queued"), "failed": ("failed", "bounced")}
        if part in states:
            return cycle.action_view_messages() | {"domain": [("cycle_id", "=", cycle.id), ("state", "in", states[part])]}
        return {
            "type": "ir.actions.act_window",
            "name": cycle.display_name,
            "res_model": cycle._name,
            "res_id": cycle.id,
            "views": [(False, "form")],
        }

    # -- tomorrow ----------------------------------------------------------------------------------------------------------

    @api.model
    def _tile_tomorrow(self, cycles):
        """A note: whom a cycle tomorrow would contact, by level, as the cycle of today left it."""
        rows = []
        for cycle in cycles:
            rows += [(level, cycle.company_id, count, amount) for level, count, amount in self._read_outlook(cycle)]
        lines = []
        if len(rows) > 1:
            lines = [
                self._line(f"{level.name} · {company.name}" if self._has_companies() else level.name, [(company, *figures)])
                for level, company, *figures in rows
            ]
        return self._tile(
            "tomorrow",
            90,
            "fa-calendar-o",
            self.env._("Tomorrow"),
            self.env._("About so many customers reach these levels tomorrow, unless they pay or something holds them back."),
            [tuple(row) for _level, *row in rows],
            lines=lines,
            stamp=f"{self.env.companies.ids}:{self.env.company._collection_today()}",
        )

    @api.model
    def _read_outlook(self, cycle):
        """Return (level, number of customers, amount) of tomorrow; nothing where no cycle ended today."""
        if cycle.date != cycle.company_id.sudo()._collection_today():
            return []
        is_mine = self.env["collection.case"]._mine_test() if self._only_mine() else None
        found = {}
        for level_id, user_id, team_id, count, amount in cycle.outlook or []:
            if not is_mine or is_mine(user_id, team_id, cycle.company_id.id):
                before = found.get(level_id, (0, 0.0))
                found[level_id] = (before[0] + count, before[1] + amount)
        levels = self.env["collection.level"].browse(found).exists()
        return [(level, *found[level.id]) for level in levels]
