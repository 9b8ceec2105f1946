"""A year of invoices of the HighRadius file's shape, in two currencies, a cycle on each day."""

from odoo.tests import tagged

from .invoices import HIGHRADIUS
from .replay_of_file import ReplayOfFile


@tagged("post_install", "-at_install")
class TestReplayHighRadius(ReplayOfFile):
    def test_highradius_two_currencies(self):
        self.replay_file(HIGHRADIUS, 2000)
