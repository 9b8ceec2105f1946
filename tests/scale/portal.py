"""The first page of a customer with thousands of open items in three currencies, and of one with few, in turns.

Each request goes through Odoo's own HTTP stack in this process, without a network: what is measured is the server's time.
"""

from datetime import timedelta
from statistics import median

from measure import Phase
from odoo import http
from odoo.addons.account_collections_auto.tests.bulk import post_invoices
from werkzeug.test import Client

CURRENCIES = 3
FEW = 50


def compare(env, items, rounds):
    """Return {"few" and "many": {"items", "seconds", "statements", "size"}}: medians of ``rounds`` requests each."""
    links = {name: _link(env, name, count) for name, count in (("few", FEW), ("many", items))}
    env.cr.execute("ANALYZE")
    env.cr.commit()
    client = Client(http.root)
    seconds = {name: [] for name in links}
    figures = {name: {} for name in links}
    for number in range(rounds + 2):
        for name, (address, count) in links.items():
            with Phase() as phase:
                response = client.get(address, headers={"Cookie": "frontend_lang=en_US"})
                text = response.get_data(as_text=True)
            if response.status_code != 200 or f"Page 1 of {-(-count // 50)}" not in text and count > 50:
                raise RuntimeError(f"{address}: {response.status}")
            if number > 1:  # the first ones fill the caches
                seconds[name].append(phase.seconds)
                figures[name] = {"items": count, "statements": phase.statements, "size": len(text)}
    return {name: {**figures[name], "seconds": median(seconds[name])} for name in links}


def _link(env, name, count):
    """Return the address of the page of a new customer with ``count`` open items, and their number."""
    company = env.company
    if not company.chart_template:
        env["account.chart.template"].try_loading("generic_coa", company)
    partner = env["res.partner"].create({"name": name, "email": f"{name}@bench.example.com", "lang": "en_US"})
    today = company._collection_today()
    # Without a rate each currency is worth as much as the company's: the copies of a document need no other amounts.
    foreign = env["res.currency"].with_context(active_test=False).search([("id", "!=", company.currency_id.id)])
    currencies = (company.currency_id | foreign.filtered(lambda currency: not currency.rate_ids))[:CURRENCIES]
    currencies.active = True
    for position, currency in enumerate(currencies):
        days = range(position, count, CURRENCIES)
        orders = [(partner, 100 + number % 7, today + timedelta(days=20 - number % 90)) for number in days]
        post_invoices(env, orders, currency=currency)
        env.cr.commit()  # Odoo keeps the last number of a sequence until then
    env["collection.case"]._refresh_marked()
    case = env["collection.case"].search([("partner_id", "=", partner.id), ("company_id", "=", company.id)])
    links = env["collection.portal.link"]
    link = links._make([links._prepare_vals(case, partner, partner.email, partner.lang)])
    env.cr.commit()
    return f"/my/collections/l/{link._get_token()}", len(case.item_ids)
