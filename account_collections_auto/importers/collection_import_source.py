from odoo import api, models
from odoo.tools import SQL

from .found import FoundExclusion, Note, ladder


class CollectionImportSource(models.AbstractModel):
    """The contract of a source: ``_name = "collection.import.<code>"`` in one file. It reads and writes nothing.

    The helpers ask the database what is there: tables and columns differ between versions, and outlive their module.
    """

    _name = "collection.import.source"
    _description = "Source of an Import"

    # -- the contract ------------------------------------------------------------------------------------------------

    @api.model
    def _label(self):
        """Return what people call this source."""
        raise NotImplementedError

    @api.model
    def _module_name(self):
        """Return the technical name of its module, which may be installed still."""
        raise NotImplementedError

    @api.model
    def _is_there(self):
        """Whether its tables are in this database."""
        raise NotImplementedError

    @api.model
    def _find(self, company):
        """Return all that can be taken over for the root ``company``: a `found.Found`."""
        raise NotImplementedError

    # -- which sources there are -------------------------------------------------------------------------------------

    @api.model
    def _sources(self):
        """Return {code: model} of the sources whose tables are in this database."""
        prefix, contract = "collection.import.", self.env.registry["collection.import.source"]
        names = [name for name, model in self.env.registry.items() if issubclass(model, contract) and model is not contract]
        sources = {name.removeprefix(prefix): self.env[name] for name in sorted(names)}
        return {code: source for code, source in sources.items() if source._is_there()}

    @api.model
    def _is_installed(self):
        """Whether the other program can still send by itself."""
        module = self.env["ir.module.module"].sudo().search([("name", "=", self._module_name())], limit=1)
        return module.state in ("installed", "to upgrade")

    # -- helpers: what is in the database ----------------------------------------------------------------------------

    @api.model
    def _columns(self, table):
        """Return {column: type} of ``table``, nothing if there is no such table."""
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT column_name, data_type FROM information_schema.columns
                        WHERE table_schema = current_schema() AND table_name = %s""",
                    table,
                )
            )
        )

    @api.model
    def _points_to(self, table, column, target):
        """Whether ``table.column`` names rows of ``target``; a column without a foreign key is taken at its word."""
        if column not in self._columns(table) or not self._columns(target):
            return False
        rows = self.env.execute_query(
            SQL(
                """SELECT target.relname FROM pg_constraint link
                     JOIN pg_class source ON source.oid = link.conrelid
                     JOIN pg_class target ON target.oid = link.confrelid
                     JOIN pg_attribute part ON part.attrelid = source.oid AND part.attnum = ANY(link.conkey)
                    WHERE link.contype = 'f' AND source.relnamespace = current_schema()::regnamespace
                      AND source.relname = %s AND part.attname = %s""",
                table,
                column,
            )
        )
        return not rows or target in {name for (name,) in rows}

    @api.model
    def _has_rows(self, table):
        return bool(self.env.execute_query(SQL("SELECT 1 FROM %s LIMIT 1", SQL.identifier(table))))

    @api.model
    def _read(self, table, columns, where=None, order="id"):
        """Return the rows of ``table`` as dicts; a column that this version lacks is None."""
        there = self._columns(table)
        return self.env.execute_query_dict(
            SQL(
                "SELECT %s FROM %s WHERE %s ORDER BY %s",
                SQL(", ").join(
                    SQL.identifier(name) if name in there else SQL("NULL AS %s", SQL.identifier(name)) for name in columns
                ),
                SQL.identifier(table),
                where or SQL("TRUE"),
                SQL.identifier(order),
            )
        )

    @api.model
    def _translations(self, value):
        """Return a text of the source as {installed language: text}, whether it was kept translated or not."""
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        if not isinstance(value, dict):
            return {installed[0]: value} if value else {}
        texts = {code: value[code] for code in installed if value.get(code)}
        return texts or dict(zip(installed[:1], filter(None, value.values()), strict=False))

    @api.model
    def _in_company(self, table, column, company, alias, kind="text"):
        """Return SQL for the value of ``alias.column`` in ``company``, whether it is kept per company or not."""
        value = SQL.identifier(alias, column)
        if self._columns(table)[column] == "jsonb":
            value = SQL("(%s->>%s)", value, str(company.id))
        return SQL("%s::%s", value, SQL.identifier(kind))

    @api.model
    def _companies(self, company):
        """Return SELECT of the ids of the root ``company`` and its branches."""
        return SQL("SELECT id FROM res_company WHERE split_part(parent_path, '/', 1)::int = %s", company.id)

    # -- helpers: what several sources have in common ----------------------------------------------------------------

    @api.model
    def _note(self, level, what):
        """Return a note about ``level``, a `found.FoundLevel`."""
        name = next(iter(level.name.values()), level.ref)
        return Note(self.env._("Level %(level)s: %(what)s.", level=name, what=what))

    @api.model
    def _note_level(self, level, sends_email, notes):
        """Add to ``notes`` what a level loses: its own way to send, its text."""
        if not sends_email:
            notes.append(self._note(level, self.env._("it sent no e-mail; it becomes a level that a person sends by hand")))
        if not level.text:
            notes.append(self._note(level, self.env._("its text cannot be converted; it gets a text of ours")))

    @api.model
    def _ladder(self, levels, notes):
        """Return ``levels``, each on a day of its own, and note those that had to move."""
        levels, moved = ladder(levels)
        notes += [self._note(level, self.env._("it starts on day %(days)s instead", days=level.days)) for level in moved]
        return tuple(levels)

    @api.model
    def _find_later(self, company, column, reason):
        """Return the customers who are not to be reminded before a day to come, kept in ``column`` of the partners."""
        if column not in self._columns("res_partner"):
            return []
        rows = self.env.execute_query(
            SQL(
                """SELECT kase.partner_id, %(day)s - 1 FROM collection_case kase
                     JOIN res_partner partner ON partner.id = kase.partner_id
                    WHERE kase.company_id = %(company)s AND %(day)s > %(today)s ORDER BY 1""",
                day=self._in_company("res_partner", column, company, "partner", "date"),
                company=company.id,
                today=company._collection_today(),
            )
        )
        return [FoundExclusion(f"later_{partner_id}", partner_id, reason, until) for partner_id, until in rows]

    @api.model
    def _find_blocked(self, company):
        """Return the lines that were marked as blocked, as older versions of Odoo called "no follow-up"."""
        if "blocked" not in self._columns("account_move_line"):
            return []
        rows = self.env.execute_query(
            SQL(
                """SELECT kase.partner_id, item.move_id, array_agg(item.move_line_id ORDER BY item.move_line_id)
                     FROM collection_item item
                     JOIN collection_case kase ON kase.id = item.case_id
                     JOIN account_move_line line ON line.id = item.move_line_id
                    WHERE item.active AND kase.company_id = %s AND line.blocked IS TRUE
                    GROUP BY kase.partner_id, item.move_id ORDER BY item.move_id""",
                company.id,
            )
        )
        reason = self.env._("Was marked as not to be reminded")
        return [
            FoundExclusion(f"blocked_{move_id}", partner_id, reason, None, tuple(line_ids))
            for partner_id, move_id, line_ids in rows
        ]
