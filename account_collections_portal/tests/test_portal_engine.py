import doctest

from odoo.tests import BaseCase

from ..engine import forms, throttle, uploads


class TestPortalEngine(BaseCase):
    def test_examples_hold(self):
        for module in (forms, throttle, uploads):
            with self.subTest(module.__name__):
                self.assertEqual(doctest.testmod(module).failed, 0)
