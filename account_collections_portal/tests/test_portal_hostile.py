"""The threat list: each request fails safely and changes nothing."""

from datetime import timedelta

from odoo import Command
from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.exceptions import AccessError
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from ..controllers.portal_access import DOWNLOADS
from ..engine import uploads
from .common import PortalCase

NOBODY = 99999999
DAY = TODAY.isoformat()
POSTS = ("/paid", "/dispute", "/promise", "/plan", "/call", "/correct", "/preferences", "/withdraw/dispute/1", "/plan/1")
POSTS += ("/dispute/1", "/rate/1")


class TestPortalHostile(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bob = cls.customer("Bob's Bikes", "bob@bikes.example")
        cls.own = cls.invoice(cls.anna, 100.0, due=TODAY - timedelta(days=10))
        cls.theirs = cls.invoice(cls.bob, 500.0, due=TODAY - timedelta(days=10))
        cls.carl = cls.customer("Carl", "carl@buyer.example", parent_id=cls.anna.id)
        cls.reason = cls.quick_ref("account_collections_auto.collection_dispute_reason_delivery")
        cls.user = cls.portal_user(cls.anna)
        cls.portal_user(cls.bob, "bob")
        cls.answers = cls.answers_of_bob()
        cls.other_company = cls.env["res.company"].create({"name": "Another company"})

    @classmethod
    def answers_of_bob(cls):
        item = cls.items(cls.bob)
        values = {"partner_id": cls.bob.id, "company_id": cls.company.id, "date_from": TODAY}
        some = {"item_ids": item.ids, "amount": 10.0, "currency_id": item.currency_id.id}
        lines = [Command.create({"item_id": item.id, "amount": 5.0})]
        case = cls.case(cls.bob)
        plan = cls.env["collection.payment.plan.start"].create({"case_id": case.id, "item_ids": item.ids})._make()
        plan._propose()
        return {
            "promise": cls.env["collection.promise"].create({**values, **some, "promise_date": TODAY}),
            "notice": cls.env["collection.payment.notice"].create({**values, **some, "payment_date": TODAY}),
            "dispute": cls.env["collection.dispute"].create({**values, "reason_id": cls.reason.id, "line_ids": lines}),
            "plan": plan,
        }

    def setUp(self):
        super().setUp()
        self.token = self.link(self.anna)
        self.item = self.items(self.own)
        self.foreign = self.items(self.theirs)
        self.visit()

    def assertHarmless(self, requests, *statuses):
        """Each of ``requests``, {what: () -> response}, is answered with one of ``statuses`` and leaves no trace."""
        for what, request in requests.items():
            with self.subTest(what):
                self.env["collection.portal.attempt"].sudo().search([]).unlink()
                before = self.stored()
                with mute_logger("odoo.http"):
                    response = request()
                self.assertIn(response.status_code, statuses, response.text[:300])
                self.assertEqual(self.stored(), before)
                for secret in ("Bob's Bikes", self.theirs.name, "Traceback"):
                    self.assertNotIn(secret, response.text)

    # -- what is not theirs --------------------------------------------------------------------------------------------

    def looks(self, token=None):
        """Looks at what belongs to somebody else or does not exist: both are answered alike."""
        item, move = self.foreign.id, self.theirs.id
        paths = {
            "the invoice of another customer": f"/document/{item}",
            "an invoice that does not exist": f"/document/{NOBODY}",
            "a number beyond all numbers": "/document/99999999999999999999",
            "the statement of another company": f"/statement/{self.other_company.id}/pdf",
            "a statement as a program": f"/statement/{self.company.id}/exe",
            "a payment plan of another customer": f"/plan/{self.answers['plan'].id}",
            "a payment plan that does not exist": f"/plan/{NOBODY}",
            "paid, for the item of another customer": f"/paid?item={item}",
            "paid, for the document of another customer": f"/paid?document={move}",
            "promise, for the item of another customer": f"/promise?item={item}",
            "dispute, for the item of another customer": f"/dispute?item={item}",
            "the dispute of another customer": f"/dispute/{self.answers['dispute'].id}",
            "a dispute that does not exist": f"/dispute/{NOBODY}",
            "a dispute beyond all numbers": "/dispute/99999999999999999999",
            "dispute, for a word": "/dispute?item=1%20OR%201=1",
            "dispute, for a document that is a word": "/dispute?document=x",
            "dispute, for a document that is a raised two": "/dispute?document=²",
            "dispute, for an item that is a raised two": "/dispute?item=²",
        }
        return {what: (lambda path=path: self.get(path, token)) for what, path in paths.items()}

    def test_by_a_link_nothing_of_others_is_seen(self):
        self.assertHarmless(self.looks(self.token), 404)

    def test_logged_in_nothing_of_others_is_seen(self):
        self.visit("anna")
        self.assertHarmless(self.looks(), 404)

    def acts(self, token=None):
        """Acts on what belongs to somebody else."""
        foreign = {"item": self.foreign.ids, "amount": "10", "day": DAY, "reason": self.reason.id}
        answers = self.answers
        sent = {
            "say paid for the item of another customer": ("/paid", foreign),
            "promise for the item of another customer": ("/promise", foreign),
            "dispute the item of another customer": ("/dispute", foreign),
            "dispute an item that does not exist": ("/dispute", {**foreign, "item": [NOBODY]}),
            "sign the plan of another customer": (f"/plan/{answers['plan'].id}", {"name": "Mallory", "agreed": "1"}),
            **{f"withdraw the {kind} of another": (f"/withdraw/{kind}/{answers[kind].id}", {}) for kind in answers},
            "write into the dispute of another": (f"/dispute/{answers['dispute'].id}", {"text": "It is settled, forget it"}),
            "write into a dispute that does not exist": (f"/dispute/{NOBODY}", {"text": "Hello"}),
            "withdraw what is no answer": ("/withdraw/res.users/1", {}),
            "withdraw what does not exist": (f"/withdraw/dispute/{NOBODY}", {}),
        }
        return {what: (lambda path=path, data=data: self.post(path, token, **data)) for what, (path, data) in sent.items()}

    def test_by_a_link_nothing_of_others_is_changed(self):
        self.assertHarmless(self.acts(self.token), 404)

    def test_logged_in_nothing_of_others_is_changed(self):
        self.visit("anna")
        self.assertHarmless(self.acts(), 404)

    def test_items_of_others_mixed_among_own_ones_are_left_out(self):
        self.post("/paid", self.token, item=[*self.item.ids, *self.foreign.ids], amount="10", day=DAY)
        notice = self.env["collection.payment.notice"].search([("partner_id", "=", self.anna.id)])
        self.assertEqual(notice.item_ids, self.item)

    # -- the door ------------------------------------------------------------------------------------------------------

    def test_nobody_gets_in_without_a_link_or_a_login(self):
        looks = ("", "/paid", "/dispute", "/promise", "/plan", "/contact", "/answers", "/documents", "/document/1")
        looks += ("/dispute/1", "/offers", "/pay?offer=1")
        requests = {path: (lambda path=path: self.get(path, allow_redirects=False)) for path in looks}
        requests |= {f"POST {path}": (lambda path=path: self.post(path)) for path in POSTS}
        self.assertHarmless(requests, 303)

    def test_broken_links_open_nothing(self):
        number, signature = self.token.split("-")
        tokens = {
            "cut": self.token[:-1],
            "longer": self.token + "0",
            "in capitals": self.token.upper().replace("X", "x") if self.token.upper() != self.token else "1-A",
            "the signature with another number": f"{int(number, 16) + 1:x}-{signature}",
            "the number with another signature": f"{number}-{'0' * 64}",
            "the hash that is stored": self.env["collection.portal.link"].sudo().search([], limit=1).token_hash,
            "SQL": "'%20OR%201=1--",
            "a percent sign": "%25",
            "very long": "a" * 3000,
            "not Latin": "%D0%B0%D0%B1",
            "a null byte": "a%00b",
            "markup": "%3Cscript%3Ealert(1)%3C",
        }
        self.assertHarmless({what: (lambda token=token: self.get(token=token)) for what, token in tokens.items()}, 404)

    def test_links_that_ended_open_no_page_and_do_nothing(self):
        expired = self.link(self.anna, expires_on=TODAY - timedelta(days=1))
        revoked = self.link(self.anna)
        self.env["collection.portal.link"]._find(revoked).action_revoke()
        archived = self.link(self.anna, contact_id=self.carl.id)
        moved = self.link(self.anna, contact_id=self.bob.id)
        self.carl.active = False
        data = {"item": self.item.ids, "amount": "100", "day": DAY}
        requests = {}
        for what, token in (("expired", expired), ("revoked", revoked), ("archived", archived), ("moved", moved)):
            requests[f"{what}, looked at"] = lambda token=token: self.get(token=token)
            requests[f"{what}, an act"] = lambda token=token: self.post("/paid", token, **data)
        self.assertHarmless(requests, 404)

    def test_a_form_of_another_site_is_refused(self):
        requests = {
            path: (lambda path=path: self.post(path, self.token, csrf=False, item=self.item.ids, amount="1", day=DAY))
            for path in (*POSTS, "/renew")
        }
        self.assertHarmless(requests, 400)

    def test_acts_are_no_links(self):
        paths = ("/call", "/correct", "/preferences", "/withdraw/dispute/1", "/renew")
        self.assertHarmless({path: (lambda path=path: self.get(path, self.token)) for path in paths}, 404, 405)

    def test_no_address_leads_to_another_site(self):
        for parameter in ("redirect", "next", "url", "landing_route"):
            page = self.get(f"?{parameter}=https://evil.example/", self.token)
            self.assertNotIn("evil.example", page.text.split("</header>")[-1].split("<footer")[0])
            answer = self.post("/preferences", self.token, **{parameter: "https://evil.example/"})
            self.assertLeadsTo(answer, f"/my/collections/l/{self.token}/answers")

    def test_who_does_too_much_waits(self):
        for _time in range(60):
            self.env["collection.portal.attempt"]._count("act", "127.0.0.1")
            DOWNLOADS.count_if_room("127.0.0.1")
        before = self.stored()
        answer = self.post("/paid", self.token, item=self.item.ids, amount="10", day=DAY)
        self.assertEqual((answer.status_code, self.stored()), (429, before))
        self.assertEqual(self.get(f"/statement/{self.company.id}/csv", self.token).status_code, 429)
        self.assertEqual(self.get("/dispute", self.token).status_code, 200, "looking costs nothing")

    def test_a_message_to_several_people_changes_the_wishes_of_none(self):
        token = self.link(self.anna, contact_id=False)
        before = self.stored()
        self.post("/preferences", token, channel="email", wish="stop", lang="en_US")
        self.assertEqual(self.stored(), before)
        self.assertNotIn("No reminders by e-mail", self.get("/contact", token).text)

    # -- what is typed -------------------------------------------------------------------------------------------------

    def test_wrong_values_are_told_and_change_nothing(self):
        own = {"item": self.item.ids, "day": DAY}
        dispute = {"item": self.item.ids, "reason": self.reason.id}
        amounts = ("", "0", "-5", "nan", "inf", "1e9", "0x10", "9" * 30, "1,2,3", "²", "<b>1</b>")
        sent = {f"paid {amount!r}": ("/paid", {**own, "amount": amount}) for amount in amounts}
        sent |= {
            "paid tomorrow": ("/paid", {**own, "amount": "1", "day": (TODAY + timedelta(days=1)).isoformat()}),
            "paid in the year 1": ("/paid", {**own, "amount": "1", "day": "0001-01-01"}),
            "promised yesterday": ("/promise", {**own, "amount": "1", "day": (TODAY - timedelta(days=1)).isoformat()}),
            "promised for ever": ("/promise", {**own, "amount": "1", "day": "9999-12-31"}),
            "promised more than is owed": ("/promise", {**own, "amount": "100.01"}),
            "disputed more than is owed": ("/dispute", {**dispute, "extent": "part", "amount": "100.01"}),
            "disputed without a reason": ("/dispute", {"item": self.item.ids}),
            "disputed for a reason that does not exist": ("/dispute", {**dispute, "reason": NOBODY}),
            "disputed nothing": ("/dispute", {"reason": self.reason.id}),
            "nothing more about a dispute": (f"/dispute/{self.dispute().id}", {"text": " \n\x00 "}),
            "no instalment": ("/plan", {"count": "0", "day": DAY}),
            "a raised two": ("/plan", {"count": "²", "day": DAY}),
            "a million instalments": ("/plan", {"count": "1000000", "day": DAY}),
            "an instalment in ten years": ("/plan", {"count": "3", "day": "2036-01-01"}),
            "a call to nowhere": ("/call", {"phone": "me"}),
            "a correction to two addresses": ("/correct", {"email": "a@b.example, c@d.example"}),
            "a correction with a header": ("/correct", {"email": "a@b.example\nBcc: c@d.example"}),
        }
        self.assertHarmless(
            {
                what: (lambda path=path, data=data: self.post(path, self.token, **data))
                for what, (path, data) in sent.items()
            },
            200,
        )

    def test_only_pictures_and_pdfs_of_some_size_come_in(self):
        files = {
            "a web page called PDF": [("x.pdf", b"<html><script>alert(1)</script>")],
            "a drawing with a program": [("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")],
            "a program called picture": [("x.png", b"MZ\x90\x00")],
            "nothing": [("x.pdf", b"")],
            "too large": [("x.pdf", b"%PDF-" + b"0" * uploads.MAX_BYTES)],
            "too many": [(f"{number}.pdf", b"%PDF-1.4") for number in range(uploads.MAX_FILES + 1)],
        }
        data = {"item": self.item.ids, "amount": "100", "day": DAY, "text": "Look"}
        requests = {
            f"{what}, to {path}": lambda path=path, some=some: self.post(
                path, self.token, files=[("files", file) for file in some], **data
            )
            for path in ("/paid", f"/dispute/{self.dispute().id}")
            for what, some in files.items()
        }
        self.assertHarmless(requests, 200)

    def dispute(self):
        """Return a dispute of this customer that is open."""
        values = {"partner_id": self.anna.id, "company_id": self.company.id, "date_from": TODAY}
        lines = [Command.create({"item_id": self.item.id, "amount": 5.0})]
        return self.env["collection.dispute"].create({**values, "reason_id": self.reason.id, "line_ids": lines})

    def test_what_is_settled_takes_nothing_more(self):
        dispute = self.dispute()
        dispute._accept({}, "It was delivered")
        requests = {
            "words": lambda: self.post(f"/dispute/{dispute.id}", self.token, text="But"),
            "files": lambda: self.post(f"/dispute/{dispute.id}", self.token, files=[("files", ("x.pdf", b"%PDF-1.4"))]),
        }
        self.assertHarmless(requests, 200)
        self.assertIn("settled already", self.post(f"/dispute/{dispute.id}", self.token, text="But").text)
        self.assertNotIn("<textarea", self.get(f"/dispute/{dispute.id}", self.token).text)

    def test_files_with_one_dispute_come_to_an_end(self):
        dispute = self.dispute()
        for number in range(5):
            files = [("files", (f"{number}.pdf", b"%%PDF-%d" % number)) for _file in range(uploads.MAX_FILES)]
            answer = self.post(f"/dispute/{dispute.id}", self.token, files=files)
        self.assertIn("20 files", answer.text)
        self.assertEqual(len(dispute.message_ids.attachment_ids), 20)

    def test_who_has_no_account_gets_no_error(self):
        self.portal_user(self.customer("Dora", "dora@new.example"), "dora")
        self.visit("dora")
        looks = ("", "/paid", "/dispute", "/promise", "/plan", "/contact", "/answers", "/offers", "/pay", "/pay?offer=1")
        requests = {path: (lambda path=path: self.get(path)) for path in looks}
        sent = {"phone": "030 1234567", "name": "Dora", "amount": "1", "day": DAY, "count": "3", "reason": self.reason.id}
        forms = ("/call", "/correct", "/paid", "/promise", "/plan", "/dispute")
        requests |= {f"POST {path}": (lambda path=path: self.post(path, **sent)) for path in forms}
        self.assertHarmless(requests, 200)

    def test_markup_stays_text(self):
        evil = "<img src=x onerror=alert(1)>"
        data = {"item": self.item.ids, "reason": self.reason.id, "extent": "part", "amount": evil, "text": evil}
        self.assertNotIn(evil, self.post("/dispute", self.token, **data).text)
        self.post("/dispute", self.token, **{**data, "extent": "whole"})
        dispute = self.env["collection.dispute"].search([("partner_id", "=", self.anna.id)])
        self.assertEqual(dispute.description, evil)
        self.assertNotIn(evil, "".join(dispute.message_ids.mapped("body")))
        self.post("/call", self.token, phone="030 123456" + evil)
        self.assertNotIn(evil, "".join(str(todo.note) for todo in self.case(self.anna).activity_ids))
        self.assertNotIn(evil, self.get(f"?search={evil}", self.token).text)

    # -- round the pages -----------------------------------------------------------------------------------------------

    def test_by_rpc_a_customer_reads_and_does_nothing(self):
        for model in (
            *("collection.case", "collection.item", "collection.action", "collection.portal.link", "collection.dispute"),
            *("collection.promise", "collection.payment.notice", "collection.payment.plan", "mail.blacklist"),
        ):
            with self.subTest(model):
                for operation in ("read", "create", "write", "unlink"):
                    self.assertFalse(self.env[model].with_user(self.user).has_access(operation))
                with self.assertRaises(AccessError):
                    self.env[model].with_user(self.user).search_read([], ["id"], limit=1)
        self.visit("anna")
        for method in ("_portal_paid", "_portal_promise", "_create_for", "_renew"):
            with self.subTest(method), self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
                self.make_jsonrpc_request(
                    "/web/dataset/call_kw",
                    {"model": "collection.portal.link", "method": method, "args": [[1]], "kwargs": {}},
                )

    def test_customer_of_another_company_sees_its_own_only(self):
        self.visit("bob")
        page = self.get().text
        self.assertIn(self.theirs.name, page)
        self.assertNotIn(self.own.name + "<", page)
        self.assertHarmless({"by id": lambda: self.get(f"/document/{NOBODY}")}, 404)
