"""The auditor by RPC; a part of test_every_screen.py, so that the demonstration data is made once."""

import inspect
from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw, get_public_method

from .screens import SUITE, suite_models
from .visitor import Visitor

STORED = ("create", "write", "unlink", "copy")  # tried on their own, with something to store


class AuditorChangesNothing:
    """Tests that the auditor reads all and changes nothing, also not by calling methods from a program.

    Every method that can be called is found by itself and called on records of each state; PostgreSQL's own counters say
    whether a row was written.
    """

    def setUp(self):
        super().setUp()
        self.auditor = Visitor(self, "auditor")

    # -- what there is to try ------------------------------------------------------------------------------------------

    def stored_models(self):
        return [name for name in suite_models(self.env) if not self.env[name]._abstract and not self.env[name]._transient]

    def public_methods(self):
        """Yield (model, name) of all that the suite defines and that can be called from outside.

        What the suite adds to a model of Odoo is tried there, and not again on each model that inherits from it.
        """
        ours = suite_models(self.env)
        for model in self.env.registry:
            names = {
                name
                for base in type(self.env[model]).__mro__
                if base.__module__.startswith(tuple(f"odoo.addons.{module}." for module in SUITE))
                and (base._name in ours or base._name == model)
                for name, value in vars(base).items()
                if inspect.isfunction(value) and not name.startswith("_") and name not in STORED
            }
            for name in sorted(names):
                try:
                    get_public_method(self.env[model], name)
                except AccessError:
                    continue
                yield model, name

    def some_records(self, model):
        """Return a record of each state of the model, and a dialog for a model of dialogs."""
        records = self.env[model].with_context(active_test=False)
        if records._transient:
            return [records.create({})] if not self.required(records) else [records]
        if records._abstract:
            return [records]
        field = records._fields.get("state")
        states = dict(field._description_selection(self.env)) if field and field.store else {}
        found = [records.search([("state", "=", state)], limit=1) for state in states] or [records.search([], limit=1)]
        return [record for record in found if record] or [records]

    @staticmethod
    def required(records):
        return [name for name, field in records._fields.items() if field.required and not field.default and not field.compute]

    def arguments(self, model, name):
        """Return something for each argument that has no default."""
        today = self.company._collection_today()
        samples = {
            "company": self.company.id,
            "date": str(today),
            "day": str(today),
            "vals": {},
            "values": {},
            "domain": [],
            "specification": {"id": {}},
            "fields": ["id"],
            "limit": 1,
            "until": str(today + timedelta(days=5)),
            "msg_dict": {},
        }
        parameters = list(inspect.signature(getattr(type(self.env[model]), name)).parameters.values())[1:]
        wanted = [each for each in parameters if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD]
        return [samples.get(each.name, False) for each in wanted]

    # -- trying --------------------------------------------------------------------------------------------------------

    def written(self):
        """Return {table: rows inserted, changed or deleted in this transaction}, undone ones too.

        Dialogs are scratch, and what a person prefers to see is nobody else's business.
        """
        self.env.flush_all()
        dialogs = [self.env[name] for name in self.env.registry if self.env[name]._transient]
        relations = {field.relation for dialog in dialogs for field in dialog._fields.values() if field.type == "many2many"}
        scratch = ["res_users_settings", *(dialog._table for dialog in dialogs), *filter(None, relations)]
        self.env.cr.execute(
            """SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
                WHERE schemaname = current_schema() AND relname != ALL(%s)""",
            [scratch],
        )
        return dict(self.env.cr.fetchall())

    def changed_by(self, env, model, name, record, arguments):
        """Call a method as a program does and return the tables in which it wrote; refusals and complaints are fine."""
        before = self.written()
        call = env[model]
        ids = [] if getattr(get_public_method(call, name), "_api_model", False) else [record.ids]
        with self.auditor.undone():
            try:
                call_kw(call, name, [*ids, *arguments], {})
                env.flush_all()
            except Exception:  # noqa: BLE001 (refused, or called with nonsense: what counts is what was written)
                env.transaction.clear()
            after = self.written()
        return sorted(table for table, rows in after.items() if rows != before.get(table, 0))

    def changed_by_any_method(self, role):
        """Return {"model.method": tables} for all public methods that wrote something."""
        env = self.as_role(role)
        changed = {}
        for model, name in self.public_methods():
            with self.auditor.undone():
                for record in self.some_records(model):
                    if tables := self.changed_by(env, model, name, record, self.arguments(model, name)):
                        changed[f"{model}.{name}"] = tables
        return changed

    def test_auditor_changes_nothing_by_any_public_method(self):
        self.assertEqual(self.changed_by_any_method("auditor"), {})

    def test_the_same_methods_do_change_things_for_a_manager(self):
        """Else the test above would see nothing, whatever happens."""
        changed = self.changed_by_any_method("manager")
        self.assertIn("collection_action", changed["collection.action.action_approve"])
        self.assertIn("collection_cycle", changed["collection.cycle.preview"])
        self.assertIn("collection_hold", changed["collection.hold.action_end"])

    def test_auditor_create_write_unlink_and_copy_are_refused_on_every_model(self):
        env = self.as_role("auditor")
        for model in self.stored_models():
            record = self.env[model].with_context(active_test=False).search([], limit=1)
            name = next(name for name, field in record._fields.items() if field.store and name != "id")
            attempts = {
                "create": [[{}]],
                "write": [record.ids, {name: False}],
                "unlink": [record.ids],
                "copy": [record.ids],
            }
            for method, arguments in attempts.items() if record else ():
                with self.subTest(f"{model}.{method}"), self.auditor.undone(), self.assertRaises(UserError):
                    call_kw(env[model], method, arguments, {})
            for operation in ("create", "write", "unlink"):
                self.assertFalse(env[model].has_access(operation), f"{model}: {operation}")

    def test_auditor_writes_none_of_our_fields_on_odoos_models(self):
        """What we add to customers, invoices and companies is no way around."""
        env = self.as_role("auditor")
        for model in sorted(set(self.env.registry) - set(suite_models(self.env))):
            records = self.env[model]
            if records._abstract or records._transient:
                continue
            for name, field in records._fields.items():
                if field._module in SUITE and not field.readonly:
                    filled = [(name, "!=", False)] if field.store else []
                    record = records.search(filled, limit=1) or records.search([], limit=1)
                    with self.subTest(model=model, field=name), self.auditor.undone(), self.assertRaises(AccessError):
                        call_kw(env[model], "write", [record.ids, {name: False}], {})
                        env.flush_all()
