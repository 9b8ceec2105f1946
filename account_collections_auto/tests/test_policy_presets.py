import base64
import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ..engine.policy_presets import BINDS, CONFIDENCES, FORCES, ZONES, read_presets, write_presets
from .common import CollectionsCase


class TestPolicyPresets(CollectionsCase):
    """Ready-made contact rules load on request, say where they come from, and survive a way out and in again."""

    def open_list(self, content=None):
        load = self.env["collection.policy.load"].browse(self.env["collection.policy.load"].action_open()["res_id"])
        if content is not None:
            load.file = base64.b64encode(content)
            load.action_read_file()
        return load

    def load(self, *keys, content=None):
        load = self.open_list(content)
        load.line_ids.filtered(lambda line: not keys or line.key in keys).is_chosen = True
        return self.env["collection.policy"].search(load.action_load()["domain"])

    def ours(self):
        return self.env["collection.policy"]._read_presets()

    def test_each_ready_made_rule_loads_and_comes_out_as_it_went_in(self):
        policies = self.load()
        self.assertEqual(len(policies), 38)
        self.assertEqual(len({preset.states or preset.countries for preset in self.ours()}), 30)
        found = {policy.preset: policy._make_preset() for policy in policies}
        for preset in self.ours():
            with self.subTest(preset.key):
                sort = preset._replace(countries=tuple(sorted(preset.countries)))
                self.assertEqual(found[preset.key], sort)

    def test_the_downloaded_file_loads_again_in_another_company(self):
        policies = self.load("DE-CONS", "US-FL", "US-CA-ROSENTHAL")
        url = policies.action_export()["url"]
        load_id = int(re.search(r"collection\.policy\.load/(\d+)/file", url).group(1))
        content = base64.b64decode(self.env["collection.policy.load"].browse(load_id).file)
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids |= other
        model = self.env["collection.policy.load"].with_company(other)
        load = model.browse(model.action_open()["res_id"])
        load.file = base64.b64encode(content)
        load.action_read_file()
        load.line_ids.is_chosen = True
        loaded = self.env["collection.policy"].search(load.action_load()["domain"])
        self.assertEqual(loaded.company_id, other)
        self.assertEqual([each._make_preset() for each in loaded], [each._make_preset() for each in policies])

    def test_what_is_loaded_already_is_not_loaded_twice(self):
        self.load("DE-B2B").active = False
        load = self.open_list()
        line = load.line_ids.filtered(lambda line: line.key == "DE-B2B")
        self.assertTrue(line.is_there)
        line.is_chosen = True
        with self.assertRaises(UserError):
            load.action_load()

    def test_a_wrong_file_is_refused_with_row_and_column_and_loads_nothing(self):
        good = write_presets(self.ours()[:2])
        first, second = (f"{each.key}," for each in self.ours()[:2])
        cases = {
            ("3", "hours"): good.replace(b"mon-fri 08:00", b"fri-mon 08:00"),
            ("2", "force"): good.replace(b",regulation,", b",the law,", 1),
            ("3", "key"): good.replace(second.encode(), first.encode()),
            ("2", "countries"): good.replace(b",US,", b",XX,", 1),
            ("2", "valid_from"): good.replace(b"2021-11-30", b"2021-11-31"),
            ("1", "hours"): good.replace(b"hours", b"opening", 1),
            ("2", "types"): good.replace(b",consumer,", b",,", 1),
            ("2", "confidence"): good.replace(b",high,", b",sure,", 1),
            ("3", "-"): good.replace(b"Regulation F does", b"R\xe9gulation F does"),
        }
        before = self.env["collection.policy"].search_count([])
        for (row, column), content in cases.items():
            with self.subTest(row=row, column=column), self.assertRaises(UserError) as refused:
                self.assertNotEqual(content, good)
                self.open_list(content)
            self.assertIn(f"Row {row}, column {column}: ", refused.exception.args[0])
        self.assertEqual(self.env["collection.policy"].search_count([]), before)

    def test_an_own_choice_is_never_called_a_law(self):
        own = [preset for preset in self.ours() if preset.force == "policy_default"]
        self.assertGreater(len(own), 20)
        for preset in own:
            self.assertNotRegex(f"{preset.name} {preset.note}", r"(?i)law requires|required by law|must not|statutory")
        for policy in self.load(*(preset.key for preset in own)):
            self.assertFalse(policy._prepare_rule().is_law)
            self.assertEqual(policy.legal_force, "policy_default")

    def test_every_row_has_its_source_force_and_confidence(self):
        for preset in self.ours():
            with self.subTest(preset.key):
                self.assertTrue(preset.citation and preset.note and preset.checked_on and preset.hours)
        fields = self.env["collection.policy"]._fields
        known = {"legal_force": FORCES, "confidence": CONFIDENCES, "binds": BINDS, "zones": ZONES}
        for name, codes in known.items():
            self.assertEqual(set(fields[name].get_values(self.env)), set(codes))

    def test_nobody_but_a_manager_loads_rules(self):
        collector = new_test_user(self.env, "rules", "account_collections_auto.group_collector")
        with self.assertRaises(AccessError):
            self.env["collection.policy.load"].with_user(collector).action_open()

    def test_a_file_with_a_mark_of_its_encoding_and_empty_rows_is_read(self):
        content = write_presets(self.ours()[:2])
        read = read_presets(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") + b"\r\n,,\r\n")
        self.assertEqual(read, dict(enumerate(self.ours()[:2], 2)))

    def test_an_empty_row_does_not_shift_the_number_of_the_row_that_is_wrong(self):
        heading, first, rest = write_presets(self.ours()[:2]).split(b"\n", 2)
        content = b"\n".join([heading, b"", first.replace(b",US,", b",XX,", 1), rest])
        with self.assertRaisesRegex(UserError, "Row 3, column countries"):
            self.open_list(content)
