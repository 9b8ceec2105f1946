"""A year of invoices of the IBM file's shape, a cycle on each day: the suite does what the oracle says."""

from odoo.tests import tagged

from .invoices import IBM
from .replay_of_file import ReplayOfFile


@tagged("post_install", "-at_install")
class TestReplayIBM(ReplayOfFile):
    def test_ibm_year(self):
        self.replay_file(IBM)
