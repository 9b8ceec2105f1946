"""Each list of the suite on a large ledger, and Odoo's own list of customer invoices beside it.

What is asked for is what the web client asks for: the first page with its count, the totals of all records, each grouping of
the search view, the search panel, the form of one record.
"""

import sys
from pathlib import Path
from statistics import median

from measure import Phase, tidy_up

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.roles.screens import Screen, load_action, suite_actions  # noqa: E402

INVOICES = "account.action_move_out_invoice_type"
GROUPED = "partner_id"


def compare(env, rounds):
    """Return {"invoices": figures, "lists": {XML id: figures}, "today": ratio or None}; run cycles before."""
    env = env(user=env.ref("base.user_admin").id, su=False, context={"allowed_company_ids": env.company.ids, "lang": "en_US"})
    tidy_up(env.cr)
    theirs = env.ref(INVOICES)
    result = {"invoices": _figures(env, theirs._name, theirs.id, rounds), "lists": {}, "today": None}
    for (kind, action_id), xmlid in suite_actions(env).items():
        action = env[kind].sudo().browse(action_id)
        if kind == "ir.actions.act_window" and not env[action.res_model]._transient and env[action.res_model]._auto:
            if figures := _figures(env, kind, action_id, rounds):
                result["lists"][xmlid] = figures
    if "collection.today" in env:
        result["today"] = _compare_today(env, Screen(env, load_action(env, theirs._name, theirs.id)), 3 * rounds)
    return result


def _compare_today(env, invoices, rounds):
    """Return the seconds of Today divided by those of Odoo's list with its totals; in turns, as the machine varies."""
    today = env["collection.today"]
    turns = [
        (_once(env, today.get_tiles), _once(env, lambda: _first_page(invoices)) + _once(env, invoices.read_totals))
        for _round in range(rounds + 1)
    ][1:]
    return median(ours for ours, _theirs in turns) / median(theirs for _ours, theirs in turns)


def _figures(env, kind, action_id, rounds):
    """Return the seconds of each part of a screen: {"page", "totals", "groups", "form"}."""
    screen = Screen(env, load_action(env, kind, action_id))
    if "list" not in screen.archs:
        return None
    figures = {
        "rows": screen.model.search_count(screen.first_domain),
        "page": _seconds(env, lambda: _first_page(screen), rounds),
        "totals": _seconds(env, screen.read_totals, rounds),
        "groups": {
            search.grouping: _seconds(env, lambda grouping=search.grouping: screen.read_groups([grouping]), rounds)
            for search in screen.searches()
            if search.grouping
        },
    }
    first = screen.model.search(screen.first_domain, limit=1)
    if "form" in screen.archs and first:
        figures["form"] = _seconds(env, lambda: first.web_read(screen.specification("form")), rounds)
    return figures


def _first_page(screen):
    if screen.first_grouping:
        screen.read_groups(screen.first_grouping)
    else:
        screen.read_page()
    for node in screen.search_panel():
        screen.read_search_panel(node)


def _seconds(env, call, rounds):
    """The median time of a call with an empty cache, after a first one that nobody counts."""
    return median([_once(env, call) for _round in range(rounds + 1)][1:])


def _once(env, call):
    env.invalidate_all()
    with Phase() as phase:
        call()
    return phase.seconds
