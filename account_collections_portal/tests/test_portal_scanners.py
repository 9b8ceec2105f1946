"""Mail scanners open what stands in a mail before a person does. Nothing may come of it."""

import re
from collections import Counter
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit

from lxml import html
from odoo import Command
from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.addons.account_collections_auto.tests.email_common import EmailCase
from odoo.tools import SQL, mute_logger

from ..controllers.portal_access import DOWNLOADS
from .common import PortalCase

MAILS = 50
LEVELS = 2  # of links: on what a mail opens, and on what those open
EACH_KIND = 5  # the pages of fifty customers differ in their data, not in their links


class TestScanners(EmailCase, PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyers = cls.env["res.partner"].create(
            [{"name": f"Buyer {number}", "email": f"buyer{number}@buyer.example"} for number in range(MAILS)]
        )
        cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": buyer.id,
                    "invoice_date": TODAY - timedelta(days=50),
                    "invoice_date_due": TODAY - timedelta(days=20),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 300, "tax_ids": []})],
                }
                for buyer in cls.buyers
            ]
        ).action_post()

    def test_whoever_opens_every_link_of_50_mails_changes_nothing(self):
        self.run_cycle()
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(len({mail["To"] for mail in server.mails}), MAILS)
        self.say_everything(*self.buyers[:5])
        self.visit()
        first = self.buyers[:5].mapped("email")
        mails = sorted(server.mails, key=lambda mail: mail.recipients[0] not in first)
        links = [self.links_of_mail(mail) for mail in mails]
        self.assertTrue(all(links))
        self.get_quietly(links[0][0])  # what Odoo makes once for everybody, like bundles of styles, is there by then
        before = self.everything_stored()
        opened = self.crawl([address for found in links for address in found])
        self.assertChanged(before, [])
        self.assertGreaterEqual(len(opened), MAILS + 50)
        kinds = {self.kind(address).rpartition("/T")[2] for address in opened}
        answers = {"/paid", "/promise", "/plan", "/plan/N", "/dispute", "/dispute?item", "/dispute/N", "/contact", "/answers"}
        files = {"/document/N", "/documents?part", "/statement/N/pdf", "/statement/N/xlsx", "/statement/N/csv"}
        self.assertLessEqual({"", "?status", "/pay?choice"} | answers | files, kinds)
        self.env.cr.execute(SQL("UPDATE res_partner SET name = name WHERE id = %s", self.buyers[0].id))
        self.assertChanged(before, ["res_partner"])  # it sees even what writes the same again

    def say_everything(self, disputes, promises, paid, plans, credited):
        """Let customers have said something, so that their pages have more links."""
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_price")
        later = TODAY + timedelta(days=4)
        self.case(disputes)._portal_dispute({self.items(disputes): 100.0}, reason, "Too dear", [], disputes)
        self.case(promises)._portal_promise(self.items(promises), 300.0, later, promises)
        self.case(paid)._portal_paid(self.items(paid), 300.0, TODAY, "x", [], paid)
        self.case(plans)._portal_plan(self.items(plans), 3, TODAY, plans)
        self.credit_note(credited, 50, on=TODAY)
        self.invoice(credited, 80, due=later, currency=self.setup_other_currency("EUR"))
        self.case(credited)

    # -- the scanner ---------------------------------------------------------------------------------------------------

    def crawl(self, addresses):
        """Open addresses, and those on the pages that come back; return what was opened."""
        opened, seen = set(), Counter()
        for level in range(LEVELS + 1):
            found = []
            for address in dict.fromkeys(addresses):
                if address in opened or (level and seen[self.kind(address)] >= EACH_KIND):
                    continue
                seen[self.kind(address)] += 1
                opened.add(address)
                found += self.get_quietly(address)
            addresses = found
        return opened

    def get_quietly(self, address):
        """Open an address as a scanner does; return what can be opened from there."""
        DOWNLOADS.clear()  # no scanner is kept from its work
        with mute_logger("odoo.http", "werkzeug"):
            response = self.url_open(address, timeout=60)
        self.assertLess(response.status_code, 500, address)
        is_page = response.headers.get("Content-Type", "").startswith("text/html") and "/report/" not in address
        return self.links_of_page(response) if is_page and response.content else []

    def links_of_mail(self, mail):
        """Return every address of ours in a mail: in its texts, and in its headers."""
        texts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        words = re.findall(r"https?://[^\s\"'<>]+", " ".join([*texts, *map(str, mail.values())]))
        return [address for address in dict.fromkeys(map(unescape, words)) if self.is_ours(address)]

    def links_of_page(self, response):
        """Return what a page leads to without anybody typing: links, pictures, and forms that are no more than a link."""
        tree = html.fromstring(response.content)
        found = [*tree.xpath("//a/@href"), *tree.xpath("//img/@src")]
        for form in tree.xpath("//form[not(@method) or @method='get']"):
            found.append(f"{form.get('action') or ''}?{urlencode(form.form_values())}")
        addresses = (urljoin(response.url, address).partition("#")[0] for address in found)
        return [address for address in addresses if self.is_ours(address)]

    def is_ours(self, address):
        return address.startswith(self.base_url()) and not re.search(r"/web/(assets|static)/", address)

    @staticmethod
    def kind(address):
        """Return an address without what differs from customer to customer."""
        parts = urlsplit(address)
        path = re.sub(r"(?<=/)\d+", "N", re.sub(r"/l/[\w-]+", "/T", parts.path))
        names = "&".join(sorted(re.findall(r"(\w+)=", parts.query)))
        return f"{path}?{names}" if names else path

    # -- the database --------------------------------------------------------------------------------------------------

    def everything_stored(self):
        """Return {table: (rows, fingerprint of where each stands and which transaction wrote it)}.

        An update moves a row, also one that writes what stood there before.
        """
        self.env.flush_all()
        tables = self.env.execute_query(SQL("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public'"))
        each = [
            SQL(
                "SELECT %s, count(*), COALESCE(sum(hashtextextended(ctid::text || xmin::text, 0)), 0) FROM %s",
                name,
                SQL.identifier(name),
            )
            for (name,) in tables
        ]
        return {name: found for name, *found in self.env.execute_query(SQL(" UNION ALL ").join(each))}

    def assertChanged(self, before, tables):
        after = self.everything_stored()
        self.assertEqual(sorted(name for name in after if after[name] != before.get(name)), tables)
