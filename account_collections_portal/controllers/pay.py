"""Paying: what is paid and where, the transaction, and what became of it.

An address names what is to be paid (`engine.paying.Choice`); each page and the transaction compute the amounts anew. The
transaction is made only for what the page showed: its seal is part of the address that the form of the page asks.
"""

import secrets
from urllib.parse import urlencode

from odoo.addons.payment.controllers.portal import PaymentPortal
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import content_disposition, request
from werkzeug.exceptions import NotFound

from ..engine.paying import read_choice, what_to_pay
from .portal_access import collections_route
from .statement import CollectionsStatement, Words

MOST_LINES = 100  # shown one by one
_FLOWS = ("redirect", "direct", "token")


class CollectionsPay(CollectionsStatement, PaymentPortal):
    """Pay all that is overdue, all that is open, what was chosen, or a part of one item."""

    def _collections_statement_values(self, viewer, status=None, search=None, page="1"):
        values = super()._collections_statement_values(viewer, status, search, page)
        totals = [section["total"] for section in values["sections"]]
        open_names = {name for total in totals for name, amount in total.amounts.items() if amount > 0}
        return values | {
            "pay_overdue": "overdue" in open_names,
            "pay_open": bool(open_names & {"not_due", "promised", "in_plan"}),
            "can_pay": bool(open_names - {"settled"}),
            "pay_url": viewer.url("/pay"),
        }

    # -- what is paid, and how -----------------------------------------------------------------------------------------

    @collections_route("/pay")
    def collections_pay(self, viewer, **_kw):
        """Show what is paid now, and the ways to pay it."""
        choice = _read_sent()
        values = self._collections_pay_values(viewer, choice)
        return request.render("account_collections_portal.pay", values)

    def _collections_pay_values(self, viewer, choice):
        """Return what the page shows. Extend with yours."""
        env = viewer.env
        parts, payable, rows = self._collections_parts(viewer, choice)
        part = _find_part(parts, choice)
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "collections",
            "page_title": env._("Pay"),
            "no_breadcrumbs": bool(viewer.link),
            "viewer": viewer,
            "choice": choice,
            "part": part,
            "statement_url": viewer.url(),
        }
        if not part:
            return values
        company_id, currency_id, _account_id = part.group
        company, currency = env["res.company"].browse(company_id), env["res.currency"].browse(currency_id)
        words = Words(env)
        moves = self._collections_moves(env, part)
        transactions = env["payment.transaction"]
        return values | {
            "company": company,
            "currency": currency,
            "amount": part.amount,
            "amount_text": words.amount(part.amount, currency),
            "debts_text": words.amount(sum(share.amount for share in part.debts), currency),
            "debts": [_line(share, payable, rows, currency, words) for share in part.debts[:MOST_LINES]],
            "debt_count": len(part.debts),
            "credits": [_line(share, payable, rows, currency, words) for share in part.credits],
            "credits_url": self._collections_pay_url(viewer, choice, with_credits=not choice.with_credits),
            "is_missing": choice.kind == "items" and not set(choice.item_ids) <= payable.keys(),
            "single": _single(part, choice, payable, currency, words),
            "reasons": env["collection.dispute.reason"].search(
                [("parent_id", "=", False), ("company_id", "in", [False, company.root_id.id])]
            ),
            "others": [
                (
                    words.amount(other.amount, env["res.currency"].browse(other.group[1])),
                    env["res.company"].browse(other.group[0]).name,
                    self._collections_pay_url(viewer, choice, group=other.group),
                )
                for other in parts
                if other is not part and other.amount > 0
            ],
            "under_way": transactions._collection_under_way(moves)[:1],
            "announced": self._collections_transfers(env, moves)[:1],
            **self._collections_ways(viewer, part),
            "transaction_route": _address(
                viewer.url("/pay/transaction"), choice.query(group=part.group) | {"seal": part.seal()}
            ),
            "landing_route": viewer.url(),
        }

    def _collections_parts(self, viewer, choice):
        """Return the parts to be paid, {item id: `Open`} and {item id: row of the statement}."""
        domain, most = viewer.domain(), None
        if choice.kind == "offer":  # that of somebody else is none: nothing is to be paid then
            offer = viewer.find_answer("collection.settlement.offer", choice.offer_id)
            domain &= Domain("id", "in", offer.item_ids.ids)
            most = offer._get_portal_amount(choice.with_credits)
        if choice.kind == "items":
            domain &= Domain("id", "in", list(choice.item_ids)) | Domain("amount_residual_currency", "<", 0)
        payable, rows = viewer.env["collection.item"]._read_payable(viewer.companies, domain)
        currencies = viewer.env["res.currency"].browse({item.group[1] for item in payable.values()})
        decimals = {currency.id: currency.decimal_places for currency in currencies}
        digits = {item.group: decimals[item.group[1]] for item in payable.values()}
        return what_to_pay(payable.values(), choice, digits, most), payable, rows

    def _collections_moves(self, env, part):
        items = env["collection.item"].browse([share.id for share in part.debts])
        return items.move_id

    def _collections_transfers(self, env, moves):
        """Return the transfers that the customer said to make for these documents."""
        return env["payment.transaction"].search(
            [
                ("collection_allocation_ids.move_id", "in", moves.ids),
                ("state", "=", "pending"),
                ("provider_code", "=", "custom"),
            ]
        )

    def _collections_ways(self, viewer, part):
        """Return the ways to pay a part, for Odoo's payment form.

        A stored card is for who is logged in: a link in a mail may be forwarded to anybody.
        """
        # as who asks, not as who may see: Odoo shows providers that are not published to its own users
        env, (company_id, currency_id, _account_id) = request.env(su=True), part.group
        partner, report = self._collections_payer(viewer), {}
        providers = env["payment.provider"]._get_compatible_providers(
            company_id, partner.id, part.amount, currency_id=currency_id, report=report
        )
        methods = env["payment.method"]._get_compatible_payment_methods(
            providers.ids, partner.id, currency_id=currency_id, report=report
        )
        tokens = env["payment.token"]
        return {
            "partner_id": partner.id,
            "providers_sudo": providers,
            "payment_methods_sudo": methods,
            "tokens_sudo": tokens if viewer.link else tokens._get_available_tokens(providers.ids, partner.id),
            "show_tokenize_input_mapping": {provider.id: False for provider in providers}
            if viewer.link
            else self._compute_show_tokenize_input_mapping(providers),
            "availability_report": report,
        }

    def _collections_payer(self, viewer):
        """Return the partner who pays: the person who looks at the page."""
        return viewer.author()

    def _collections_pay_url(self, viewer, choice, **changes):
        return _address(viewer.url("/pay"), choice.query(**changes))

    # -- the transaction -----------------------------------------------------------------------------------------------

    @collections_route("/pay/transaction", methods=("POST",), type="jsonrpc", website=False)
    def collections_pay_transaction(
        self, viewer, provider_id=None, payment_method_id=None, token_id=None, flow=None, tokenization_requested=False, **_kw
    ):
        """Make the transaction for what the page showed, and return what Odoo's payment form needs to go on.

        Of what the browser sends the way to pay counts, nothing else: no amount, no customer, no address to return to.
        """
        choice = _read_sent()
        parts, _payable, _rows = self._collections_parts(viewer, choice)
        part = _find_part(parts, choice)
        seal = request.httprequest.args.get("seal", "")
        if not part or part.amount <= 0 or not secrets.compare_digest(part.seal().encode(), seal.encode()):
            raise UserError(
                viewer.env._("Nothing was charged: what is open has changed since you opened this page. Please reload it.")
            )
        way = self._collections_way(viewer, part, provider_id, payment_method_id, token_id, flow)
        if not way:
            raise UserError(viewer.env._("Nothing was charged: this way to pay is not available. Reload the page."))
        transaction_sudo = self._collections_transaction(viewer, choice, part, way, flow, bool(tokenization_requested))
        return transaction_sudo._get_processing_values()

    def _collections_way(self, viewer, part, provider_id, payment_method_id, token_id, flow):
        """Return the {provider, method, token} that the browser asks for, None when the page did not offer it."""
        ways = self._collections_ways(viewer, part)
        if flow == "token":
            token = ways["tokens_sudo"].filtered(lambda token: token.id == token_id)
            return token and {"provider": token.provider_id, "method": token.payment_method_id, "token": token}
        provider = ways["providers_sudo"].filtered(lambda provider: provider.id == provider_id)
        method = ways["payment_methods_sudo"].filtered(lambda method: method.id == payment_method_id)
        if flow not in _FLOWS or not provider or provider not in method.provider_ids:
            return None
        return {"provider": provider, "method": method, "token": viewer.env["payment.token"]}

    def _collections_transaction(self, viewer, choice, part, way, flow, tokenization_requested):
        env = viewer.env
        transactions, payer = env["payment.transaction"], self._collections_payer(viewer)
        moves = self._collections_moves(env, part)
        own_values = self._collections_transaction_vals(viewer, choice)
        begun = transactions._collection_make_way(
            *(part, moves, own_values),
            provider_id=way["provider"],
            payment_method_id=way["method"],
            partner_id=payer,
            operation=f"online_{flow}",
        )
        if begun:
            PaymentPostProcessing.monitor_transaction(begun)
            return begun
        items = env["collection.item"].browse([share.id for share in (*part.debts, *part.credits)])
        lines = {item.id: item.move_line_id for item in items}
        company = env["res.company"].browse(part.group[0])
        prefix = moves.name if len(moves) == 1 else company.get_next_batch_payment_communication()
        transaction_sudo = self._create_transaction(
            provider_id=way["provider"].id,
            payment_method_id=way["method"].id,
            token_id=way["token"].id,
            amount=part.amount,
            currency_id=part.group[1],
            partner_id=payer.id,
            flow=flow,
            tokenization_requested=tokenization_requested and not viewer.link,
            landing_route=viewer.url(),
            reference_prefix=prefix,
            custom_create_values=own_values
            | transactions._collection_prepare_vals(
                items[:1].case_id, part, lines, self._collections_reason(env, choice).id
            ),
        )
        landing = viewer.url(f"/payment/{transaction_sudo.id}")
        transaction_sudo.landing_route = _address(landing, choice.query(group=None))
        return transaction_sudo

    def _collections_transaction_vals(self, viewer, choice):
        """Return what a transaction keeps of the choice, {field: value}. Extend with yours."""
        return {}

    def _collections_reason(self, env, choice):
        """Return the reason why only a part is paid, where the customer gave one."""
        return env["collection.dispute.reason"].browse(choice.reason_id or []).exists()

    # -- what became of it ---------------------------------------------------------------------------------------------

    @collections_route("/payment/<int:transaction_id>")
    def collections_payment(self, viewer, transaction_id, **_kw):
        """Say what became of a payment, and what is left to pay."""
        transaction_sudo = self._collections_find_transaction(viewer, transaction_id)
        return request.render(
            "account_collections_portal.payment", self._collections_payment_values(viewer, transaction_sudo, _read_sent())
        )

    @collections_route("/payment/<int:transaction_id>/receipt", is_costly=True)
    def collections_receipt(self, viewer, transaction_id, **_kw):
        """Return the receipt of a payment as PDF."""
        payment_sudo = self._collections_find_transaction(viewer, transaction_id).payment_id
        if payment_sudo.state not in ("in_process", "paid"):
            raise NotFound()
        report = "account.action_report_payment_receipt"
        pdf, _kind = viewer.env["ir.actions.report"]._render_qweb_pdf(report, payment_sudo.ids)
        headers = {
            "Content-Type": "application/pdf",
            "Content-Length": len(pdf),
            "Content-Disposition": content_disposition(f"{payment_sudo.name.replace('/', '-')}.pdf"),
        }
        return request.make_response(pdf, headers=list(headers.items()))

    def _collections_find_transaction(self, viewer, transaction_id):
        """Return the transaction, if this viewer may see it; that of another customer is one that does not exist."""
        transaction_sudo = viewer.env["payment.transaction"].search(
            [("id", "=", transaction_id), ("collection_case_id", "in", viewer.cases.ids)]
        )
        is_other_contact = viewer.link.only_contact_id and transaction_sudo.partner_id != viewer.author()
        if not transaction_sudo or is_other_contact:
            raise NotFound()
        return transaction_sudo

    def _collections_payment_values(self, viewer, transaction_sudo, choice):
        """Return what the page shows. Extend with yours."""
        env, currency = viewer.env, transaction_sudo.currency_id
        words = Words(env)
        allocations = transaction_sudo.collection_allocation_ids
        is_over = transaction_sudo.state in ("done", "pending", "authorized")
        following = self._collections_following(viewer, choice, allocations) if is_over else None
        short = allocations.filtered(lambda allocation: allocation.amount > 0)
        short = short if is_over and choice.amount is not None and len(short) == 1 else short[:0]
        rest = short.item_id.move_line_id.amount_residual_currency - short.amount + short.amount_matched
        is_transfer = transaction_sudo.provider_code == "custom"
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "collections",
            "page_title": env._("Payment"),
            "no_breadcrumbs": bool(viewer.link),
            "viewer": viewer,
            "tx": transaction_sudo,
            "amount_text": words.amount(transaction_sudo.amount, currency),
            "lines": [(one.number, words.amount(one.amount, currency)) for one in allocations[:MOST_LINES]],
            "line_count": len(allocations),
            "receipt_url": transaction_sudo.payment_id and viewer.url(f"/payment/{transaction_sudo.id}/receipt"),
            "again_url": self._collections_pay_url(viewer, choice),
            "statement_url": viewer.url(),
            "following": following
            and (
                words.amount(following.amount, env["res.currency"].browse(following.group[1])),
                env["res.company"].browse(following.group[0]).name,
                self._collections_pay_url(viewer, choice, group=following.group),
            ),
            "short": short if currency.compare_amounts(rest, 0) > 0 else None,
            "rest_text": words.amount(max(rest, 0.0), currency),
            "dispute_url": _address(
                viewer.url("/dispute"),
                {"item": short.item_id.id, **({"reason": choice.reason_id} if choice.reason_id else {})},
            ),
            "communication": is_transfer and transaction_sudo._get_communication(),
            "accounts": is_transfer and transaction_sudo.company_id.partner_id.bank_ids,
            "qr_code": is_transfer and self._collections_qr_code(transaction_sudo),
        }

    def _collections_following(self, viewer, choice, allocations):
        """Return the next part to be paid: of another company or currency, and not under way already."""
        parts = self._collections_parts(viewer, choice)[0]
        ids = [share.id for part in parts for share in part.debts]
        begun = viewer.env["collection.payment.allocation"].search([("item_id", "in", ids), ("state", "=", "open")])
        taken = (begun | allocations).item_id._ids
        return next(
            (part for part in parts if part.amount > 0 and any(share.id not in taken for share in part.debts)), None
        )

    def _collections_qr_code(self, transaction_sudo):
        """Return the picture that a banking app reads, None where the bank account or the currency has none."""
        account = transaction_sudo.company_id.partner_id.bank_ids[:1]
        return account and account.build_qr_code_base64(
            *(transaction_sudo.amount, transaction_sudo._get_communication(), None),
            *(transaction_sudo.currency_id, transaction_sudo.partner_id),
        )


def _read_sent():
    """Return the choice in the address of this request."""
    return read_choice(request.httprequest.args.to_dict(flat=False))


def _find_part(parts, choice):
    """Return the part that the address names, else the first one that is to be paid."""
    if choice.group:
        return next((part for part in parts if part.group == choice.group), None)
    return next((part for part in parts if part.amount > 0), parts[0] if parts else None)


def _line(share, payable, rows, currency, words):
    """Return how an item that is paid, or a credit that is taken off, is shown."""
    row, item = rows[share.id], payable[share.id]
    is_part = currency.compare_amounts(share.amount, abs(item.open)) < 0
    return {
        "item_id": share.id,
        "number": row.number,
        "kind": words.kinds[row.kind],
        "due_date": words.date(row.due_date) if item.open > 0 else "",
        "amount": words.amount(share.amount, currency),
        "of": words.amount(abs(item.open), currency) if is_part else "",
        "disputed": words.amount(item.disputed, currency) if item.disputed else "",
    }


def _single(part, choice, payable, currency, words):
    """Return the one item that is paid, of which the customer may pay a part, None when there are several."""
    if choice.kind != "items" or len(choice.item_ids) != 1 or len(part.debts) != 1:
        return None
    item = payable[part.debts[0].id]
    return {
        "open": item.open,
        "open_text": words.amount(item.open, currency),
        "rest_text": words.amount(item.open - part.debts[0].amount, currency),
        "is_part": currency.compare_amounts(part.debts[0].amount, item.open) < 0,
        "step": currency.rounding,
    }


def _address(path, parameters):
    return f"{path}?{urlencode(parameters)}" if parameters else path
