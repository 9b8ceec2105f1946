from odoo import api, models
from odoo.tools import formatLang


class CollectionToday(models.AbstractModel):
    """What needs a decision today: one tile per kind of decision, each a number, a sum and the list behind it.

    To add a tile, extend `_collect_tiles` with one more `_tile(...)`: its sequence decides where it stands, and the screen,
    the daily mail and the roles need not know of it. A button calls a public method of this model; when that returns an
    action it is done, and then the figures are read again.
    """

    _name = "collection.today"
    _description = "What Needs a Decision Today"

    # -- public ----------------------------------------------------------------------------------------------------------

    @api.model
    def get_page(self):
        """Return what the screen shows: the tiles, and what the person may choose."""
        return {
            "tiles": self.get_tiles(),
            "only_mine": self._only_mine(),
            "is_collector": self._may_act(),
            "has_cases": bool(self.env["collection.case"].search_count([], limit=1)),
        }

    @api.model
    def get_tiles(self):
        """Return the tiles that have something to say, in order, for the companies and the rights of the user.

        A constant number of SQL statements for each company, whatever the number of cases.
        """
        self.env["collection.case"].check_access("read")
        self.env.flush_all()
        seen = self._get_settings().collection_seen or {}
        tiles = [
            tile for tile in self._collect_tiles() if tile and not (tile["stamp"] and seen.get(tile["key"]) == tile["stamp"])
        ]
        if not self._may_act():
            for part in [*tiles, *(line for tile in tiles for line in tile["lines"])]:
                part["buttons"] = [button for button in part["buttons"] if not button["acts"]]
        return sorted(tiles, key=lambda tile: tile["sequence"])

    @api.model
    def set_only_mine(self, only_mine):
        """Remember whether the user wants to see the own cases only, or all."""
        self._get_settings(create=True).collection_only_mine = bool(only_mine)

    @api.model
    def put_away(self, key, stamp):
        """Hide a note that the user has read, until it says something else."""
        self.env["collection.case"].check_access("read")
        settings = self._get_settings(create=True)
        settings.collection_seen = {**(settings.collection_seen or {}), str(key): str(stamp)}

    # -- the extension point -----------------------------------------------------------------------------------------------

    @api.model
    def _collect_tiles(self):
        """Return the tiles, None for one that has nothing to say. Extend to add one."""
        return []

    @api.model
    def _tile(self, key, sequence, icon, title, text, rows, **more):
        """Return a tile, None when neither its ``rows`` nor its lines count anything.

        ``rows``: (company, count, amount in its currency). ``more``: ``lines`` and ``buttons`` below the number; ``stamp``
        makes it a note, that a person puts away after reading it: a text that differs when the note says something else.
        """
        tile = {"lines": [], "buttons": [], "stamp": False, **more}
        count = sum(row[1] for row in rows)
        if not count and not any(line["count"] for line in tile["lines"]):
            return None
        return {
            "key": key,
            "sequence": sequence,
            "icon": icon,
            "title": title,
            "text": text,
            "count": count,
            "amounts": self._sum_up(rows),
            **tile,
        }

    @api.model
    def _line(self, label, rows, link=None, buttons=(), tone=""):
        """Return a line of a tile: what a part of it is about. ``link``: the button behind its label."""
        return {
            "label": label,
            "count": sum(row[1] for row in rows),
            "amounts": self._sum_up(rows),
            "link": link,
            "buttons": list(buttons),
            "tone": tone,
        }

    @api.model
    def _button(self, label, method, *args, acts=False, confirm=None):
        """Return a button that calls the public ``method`` of this model. ``acts``: not for who may only read.

        ``confirm``: (question, label of the answer) that comes first.
        """
        return {"label": label, "method": method, "args": list(args), "acts": acts, "confirm": confirm}

    @api.model
    def _company_lines(self, rows, method):
        """Return a line for each company when several are selected; its label calls ``method`` with the company's id."""
        if not self._has_companies():
            return []
        return [self._line(row[0].name, [row], link=self._button("", method, row[0].id)) for row in rows]

    # -- figures -------------------------------------------------------------------------------------------------------------

    @api.model
    def _sum_up(self, rows):
        """Return one sum per currency: amounts of companies with another currency do not add up."""
        sums = {}
        for company, _count, amount in rows:
            sums[company.currency_id.id] = sums.get(company.currency_id.id, 0.0) + (amount or 0.0)
        return [{"currency_id": currency_id, "amount": amount} for currency_id, amount in sums.items() if amount]

    @api.model
    def _format_amounts(self, amounts):
        currencies = self.env["res.currency"]
        return " + ".join(
            formatLang(self.env, amount["amount"], currency_obj=currencies.browse(amount["currency_id"])) for amount in amounts
        )

    # -- whose cases ---------------------------------------------------------------------------------------------------------

    @api.model
    def _get_settings(self, create=False):
        if create:
            return self.env["res.users.settings"]._find_or_create_for_user(self.env.user)
        return self.env.user.sudo().res_users_settings_ids  # sudo: a person's own

    @api.model
    def _only_mine(self):
        return bool(self._get_settings().collection_only_mine)

    @api.model
    def _may_act(self):
        return self.env.user.has_group("account_collections_auto.group_collector")

    @api.model
    def _is_manager(self):
        return self.env.user.has_group("account_collections_auto.group_collection_manager")

    @api.model
    def _for_managers(self, *kinds):
        """Return ``kinds`` of what only a manager can decide, nothing to who cannot; an auditor sees all."""
        return list(kinds) if self._is_manager() or not self._may_act() else []

    @api.model
    def _has_companies(self):
        return len(self.env.companies.root_id) > 1

    @api.model
    def _mine_domain(self, path=""):
        return [(f"{path}is_mine", "=", True)] if self._only_mine() else []

    @api.model
    def _company_domain(self, company_id):
        return [("company_id", "=", company_id)] if company_id else []

    @api.model
    def _open(self, xmlid, domain, **values):
        """Return the list ``xmlid`` (of this module) for ``domain``, without its own filters."""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"account_collections_auto.{xmlid}")
        return action | {"domain": domain, "context": {}, **values}
