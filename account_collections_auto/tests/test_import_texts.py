"""Texts of other programs: what is only text is taken over, what could be an instruction is not."""

import doctest

from odoo.tests import BaseCase, tagged

from ..importers import found, texts


@tagged("post_install", "-at_install")
class TestImportTexts(BaseCase):
    def test_examples_in_docstrings_hold(self):
        for module in (found, texts):
            self.assertEqual(doctest.testmod(module).failed, 0)

    def test_nothing_that_looks_like_an_instruction_gets_through(self):
        for text in (
            '<p><t t-esc="object.env"/></p>',
            "<p t-att-title=\"object.name\">Pay</p>",
            "<p>#{object.name}</p>",
            "<p>${object.name}</p>",
            "<p>{{ object.name }}</p>",
            '<P><T T-OUT="object.name"/>Pay</P>',
            "<!-- only a comment -->",
        ):
            self.assertIsNone(texts.from_html(text), text)
        for text in ("%(amount)d", "Pay {{ object.name }}", "%(partner_name)s ${x}"):
            self.assertIsNone(texts.from_plain(text), text)

    def test_markup_in_a_plain_text_stays_text(self):
        self.assertEqual(texts.from_plain('<t t-out="1"/>'), "<p>&lt;t t-out=&#34;1&#34;/&gt;</p>")
