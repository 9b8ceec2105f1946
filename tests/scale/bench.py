"""``setup/bench [--invoices N] [--sample N] [--rounds N] [--size N] [--peer-minutes N] [--skip-peer] [--skip-accountant]``
and ``setup/bench --lists``, ``--stops``, ``--policies``, ``--portal ITEMS``, ``--accountant`` or ``--figures --items N``, each
``[--invoices N] [--rounds N]``, that part alone.

Fills scratch databases, measures a cycle, OCA's account_credit_control, the bare SQL and the accountant's transactions, and
prints a table of ratios. Nothing here asserts a time; each task runs in a process of its own (see `worker`).
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
DATA = Path(os.environ["COLLECTIONS_RUN_DIR"]) / "odoo-data"
PAID_SHARE = 0.01
# Two lines of an invoice, and two of the payments that 58 % of them have.
ITEMS_PER_INVOICE = 3.17
STOPPED_SHARE = 0.10
# What is done, with how many documents (None: --size), and how many times the rounds: of short ones few are mere noise.
SCENARIOS = {
    "post-one": ("post", 1, 50),
    "post": ("post", None, 1),
    "pay": ("pay", None, 1),
    "reconcile": ("reconcile", None, 3),
}
AGED, WHOLE_DASHBOARD = "aged receivables, first page", "whole dashboard"
LABELS = {"post": "posting invoices in one transaction", "pay": "payments in one transaction", "reconcile": "lines reconciled"}


def main():
    options = _options()
    if options.items:
        options.invoices = round(options.items / ITEMS_PER_INVOICE)
    say(f"ledger of {options.invoices:,} invoices; ratios count, seconds depend on the machine")
    databases = Databases()
    try:
        alone = (
            (options.lists and _lists)
            or (options.stops and _stops)
            or (options.policies and _policies)
            or (options.portal and _portal)
            or (options.figures and _figures)
            or (options.accountant is not None and _accountant)
        )
        if alone:
            alone(databases, options)
            return
        figures = [_cycle(databases, size, options) for size in (options.invoices // 10, options.invoices)]
        _print_cycle(figures, options)
        _stops(databases, options)
        if not options.skip_peer:
            _print_peer(_peer(databases, options), figures[-1])
        if not options.skip_accountant:
            _accountant(databases, options)
    finally:
        databases.drop_all()


def _options():
    parser = argparse.ArgumentParser(prog="setup/bench")
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=500, help="messages that are dispatched")
    parser.add_argument("--rounds", type=int, default=7, help="of the accountant's transactions, alternating")
    parser.add_argument("--size", type=int, default=1000, help="documents in the accountant's large transactions")
    parser.add_argument("--peer-minutes", type=float, default=15, help="account_credit_control is stopped after this long")
    parser.add_argument("--skip-peer", action="store_true")
    parser.add_argument("--skip-accountant", action="store_true")
    parser.add_argument("--lists", action="store_true", help="only the screens, against Odoo's list of customer invoices")
    parser.add_argument("--stops", action="store_true", help="only a cycle with a tenth of the items stopped, and without")
    parser.add_argument("--policies", action="store_true", help="only a cycle with contact rules, and without")
    parser.add_argument("--portal", type=int, help="only the customer's page, with so many open items and with 50")
    parser.add_argument("--figures", action="store_true", help="only the reports, against one aggregate over the ledger")
    parser.add_argument("--items", type=int, help="journal items, instead of --invoices")
    parser.add_argument("--accountant", nargs="*", choices=SCENARIOS, help="only these transactions of an accountant, or all")
    return parser.parse_args()


def say(text):
    print(text, flush=True)


class Databases:
    """Scratch databases of this run; filled once per size, then copied."""

    def __init__(self):
        self.made = []

    def filled(self, invoices):
        """A database with the ledger, without the suite."""
        name = self._name(f"ledger_{invoices}")
        if name not in self.made:
            self.copy(os.environ["COLLECTIONS_BASE_DB"], name)
            say(f"  filling {invoices:,} invoices ...")
            task("ledger.fill", name, invoices=invoices)
        return name

    def with_suite(self, invoices):
        """A database with the ledger and the suite."""
        name = self._name(f"suite_{invoices}")
        if name not in self.made:
            self.copy(self.filled(invoices), name)
            install(name, "account_collections_auto")
        return name

    def copy(self, template, name):
        name = name if name.startswith("collections_bench_") else self._name(name)
        self._psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self.made.append(name)
        return name

    def drop(self, name):
        self._psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.made.remove(name)

    def drop_all(self):
        for name in list(self.made):
            self.drop(name)

    def _name(self, purpose):
        return f"collections_bench_{os.getpid()}_{purpose}"

    def _psql(self, *statements):
        for statement in statements:
            subprocess.run(["psql", "-Xqd", "postgres", "-c", statement], check=True, stderr=subprocess.DEVNULL)


def install(database, module):
    subprocess.run(
        [
            *(sys.executable, "-m", "odoo", "-d", database, "-D", DATA, "-i", module),
            *("--stop-after-init", "--no-http", "--log-level=error"),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )


def task(name, database, **arguments):
    """Run one task in its own process and return its result."""
    command = [sys.executable, HERE / "worker.py", name, database, DATA, json.dumps(arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


# -- the cycle ----------------------------------------------------------------------------------------------------


def _cycle(databases, invoices, options):
    database = databases.copy(databases.with_suite(invoices), f"cycle_{invoices}")
    say(f"  cycles on {invoices:,} invoices ...")
    figures = {
        "invoices": invoices,
        "first": task("cycle.first_run", database, sample=options.sample),
        "floor": task("floor.bare_sql", database),
        "second": task("cycle.second_run", database),
        "payments": task("cycle.run_after_payments", database, share=PAID_SHARE),
    }
    if invoices == options.invoices:  # the small ledger has too few messages left
        figures["render"] = task("cycle.render", database, sample=options.sample)
    databases.drop(database)
    return figures


def _print_cycle(figures, options):
    for each in figures:
        first = each["first"]
        say(
            f"\n{each['invoices']:,} invoices: {first['items']:,} open items, {first['cases']:,} cases, "
            f"{first['actions']:,} messages with {first['lines']:,} lines; {first['dispatched']:,} of them dispatched"
        )
        say(f"  {'phase':<34}{'seconds':>9}{'statements':>12}{'peak MB':>9}")
        for name in ("project", "select", "withhold", "schedule", "dispatch"):
            _print_phase(name, first["phases"][name])
        _print_phase("bare INSERT ... SELECT", {**each["floor"], "statements": 2, "memory": 0})
        _print_phase("second run: project to schedule", {**each["second"]["planning"], "memory": 0})
        _print_phase(f"run after {each['payments']['paid']} payments", {**each["payments"]["planning"], "memory": 0})
    small, large = figures
    planning, floor = large["first"]["planning"], large["floor"]["seconds"]
    say("\nratios")
    _ratio("before rendering / bare SQL", planning["seconds"] / floor, "at most 6")
    _ratio("second run / first run, planning", large["second"]["planning"]["seconds"] / planning["seconds"], "under 0.1")
    limit = 0.05 + 1 / planning["seconds"]
    _ratio(
        "run after payments / first run", large["payments"]["planning"]["seconds"] / planning["seconds"], f"at most {limit:.2f}"
    )
    _ratio(
        "statements before rendering, large / small ledger",
        planning["statements"] / small["first"]["planning"]["statements"],
        f"{planning['statements']} and {small['first']['planning']['statements']}, wanted: the same",
    )
    growth = large["first"]["whole"]["memory"] - small["first"]["whole"]["memory"]
    _ratio("MB of peak memory more than the small ledger", growth, "under 50")
    render = large["render"]
    per_mail = {name: render[name]["cpu"] / render[name]["mails"] for name in ("channel", "odoo")}
    _ratio("rendering and queueing a mail / Odoo's send_mail_batch, CPU", per_mail["channel"] / per_mail["odoo"], "at most 1.2")


def _print_phase(name, values):
    memory = f"{values['memory']:9.0f}" if values["memory"] else ""
    say(f"  {name:<34}{values['seconds']:9.2f}{values['statements']:12,}{memory}")


def _ratio(name, value, wanted):
    say(f"  {name:<62}{value:9.2f}   ({wanted})")


# -- stops --------------------------------------------------------------------------------------------------------


def _stops(databases, options):
    """Plan the same cycle with and without stops, in turns."""
    without = databases.copy(databases.with_suite(options.invoices), "stops_without")
    task("stops.prepare", without)
    names = {"without": without, "with": databases.copy(without, "stops_with")}
    say(f"\nplanning a cycle with {STOPPED_SHARE:.0%} of the items stopped, and without; {options.rounds} rounds, median")
    made = task("stops.stop", names["with"], share=STOPPED_SHARE)
    say("  " + ", ".join(f"{count:,} {model}" for model, count in made.items()))
    _print_turns(databases, options, names, "planning with stops / without, CPU", "at most 1.2")


def _policies(databases, options):
    """Plan the same cycle with and without contact rules, in turns: customers in twelve countries, mixed rules."""
    without = databases.copy(databases.with_suite(options.invoices), "policies_without")
    customers = task("policies.spread", without)
    task("stops.prepare", without)
    names = {"without": without, "with": databases.copy(without, "policies_with")}
    made = task("policies.make", names["with"])
    say(f"\nplanning a cycle with contact rules, and without; {options.rounds} rounds, median")
    say(f"  {customers:,} customers of 12 countries, {made} sets of rules")
    _print_turns(databases, options, names, "planning with contact rules / without, CPU", "at most 1.5")


def _print_turns(databases, options, names, label, wanted):
    workers = {name: _Worker("stops.serve", database) for name, database in names.items()}
    try:
        rounds = _in_turns(workers, options.rounds)
    finally:
        for worker in workers.values():
            worker.close()
    say(f"  {'':<12}{'CPU':>8}{'project':>9}{'select':>8}{'withhold':>10}{'schedule':>10}{'statements':>12}{'messages':>10}")
    for name, values in rounds.items():
        seconds = {phase: median(value["phases"][phase] for value in values) for phase in values[0]["phases"]}
        say(
            f"  {name:<12}{median(value['cpu'] for value in values):8.2f}{seconds['project']:9.2f}{seconds['select']:8.2f}"
            f"{seconds['withhold']:10.2f}{seconds['schedule']:10.2f}{values[0]['statements']:12,}{values[0]['messages']:10,}"
        )
    ratio = median(value["cpu"] for value in rounds["with"]) / median(value["cpu"] for value in rounds["without"])
    _ratio(label, ratio, wanted)
    for name in names.values():
        databases.drop(name)


# -- the lists ----------------------------------------------------------------------------------------------------


def _lists(databases, options):
    database = databases.with_suite(options.invoices)
    say(f"  a cycle and a preview on {options.invoices:,} invoices ...")
    task("cycle.first_run", database, sample=options.sample)
    task("cycle.preview", database)
    figures = task("lists.compare", database, rounds=options.rounds)
    theirs = figures["invoices"]
    slowest = max(theirs["groups"].values())
    say(f"\nOdoo's customer invoices, {theirs['rows']:,} of them, seconds")
    say(f"  first page {theirs['page']:.3f}, totals {theirs['totals']:.3f}, form {theirs['form']:.3f}; grouped:")
    say("  " + ", ".join(f"{grouping} {seconds:.3f}" for grouping, seconds in theirs["groups"].items()))
    say("\nours: seconds, and in brackets the ratio to Odoo's (page and totals together, slowest grouping, form)")
    say(f"  {'':<34}{'rows':>9}{'page':>8}{'totals':>8}{'':>8}{'grouped':>9}{'':>8}{'form':>8}")
    for xmlid, ours in figures["lists"].items():
        first = (ours["page"] + ours["totals"]) / (theirs["page"] + theirs["totals"])
        grouped = max(ours["groups"].values(), default=0)
        form = f"{ours['form']:8.3f}{_in_brackets(ours['form'] / theirs['form'])}" if "form" in ours else ""
        name = xmlid.partition(".")[2].removeprefix("collection_")
        say(
            f"  {name:<34}{ours['rows']:9,}{ours['page']:8.3f}{ours['totals']:8.3f}"
            f"{_in_brackets(first)}{grouped:9.3f}{_in_brackets(grouped / slowest)}{form}"
        )
        slow = [f"{grouping} {seconds:.3f}" for grouping, seconds in ours["groups"].items() if seconds > slowest]
        if slow:
            say(f"    slower than Odoo's slowest grouping: {', '.join(slow)}")
    if figures["today"] is not None:
        _ratio("Today / Odoo's first page and totals", figures["today"], "at most 1")


def _in_brackets(ratio):
    return f"{f'({ratio:.2f})':>8}"


# -- the customer's page ----------------------------------------------------------------------------------------------


def _portal(databases, options):
    database = databases.copy(os.environ["COLLECTIONS_TEMPLATE_DB"], "portal")
    figures = task("portal.compare", database, items=options.portal, rounds=4 * options.rounds)
    say(f"\nthe first page of a customer\n  {'open items':>12}{'seconds':>10}{'statements':>12}{'kB':>6}")
    for each in figures.values():
        say(f"  {each['items']:12,}{each['seconds']:10.3f}{each['statements']:12,}{each['size'] / 1024:6.0f}")
    _ratio("many / few, server time", figures["many"]["seconds"] / figures["few"]["seconds"], "at most 2")
    _ratio("many / few, statements", figures["many"]["statements"] / figures["few"]["statements"], "wanted: the same")


# -- the reports --------------------------------------------------------------------------------------------------


def _figures(databases, options):
    database = databases.with_suite(options.invoices)
    say("  a cycle ...")
    task("cycle.first_run", database, sample=options.sample)
    ours = task("figures.compare", database, rounds=options.rounds)
    say(f"\nreports on {ours['items']:,} journal items")
    say(f"  one aggregate over the receivable lines and their matchings: {ours['baseline']:.3f} s")
    say(f"  {'':<42}{'seconds':>9}{'statements':>12}{'/ aggregate':>13}")
    for name, (seconds, statements) in ours["reports"].items():
        wanted = "at most 6" if name == WHOLE_DASHBOARD else "at most 2"
        say(f"  {name:<42}{seconds:9.3f}{statements:12}{seconds / ours['baseline']:13.2f}   ({wanted})")
    if options.skip_peer:
        return
    install(database, "account_financial_report")
    theirs = task("figures.peer", database, seconds=60 * options.peer_minutes)
    if theirs["stopped"]:
        say("  the aged partner balance of account_financial_report was stopped: the ratio is at least what is printed")
    ratio = theirs["seconds"] / ours["reports"][AGED][0]
    _ratio(f"its {theirs['seconds']:.1f} s / ours, aged receivables", ratio, "at least 10")


# -- account_credit_control ---------------------------------------------------------------------------------------


def _peer(databases, options):
    say("\naccount_credit_control on the same ledger ...")
    database = databases.copy(databases.filled(options.invoices), "peer")
    install(database, "account_credit_control")
    result = task("peer.whole_run", database, seconds=60 * options.peer_minutes)
    databases.drop(database)
    return result


def _print_peer(peer, figures):
    for name, values in peer["phases"].items():
        _print_phase(name, {**values, "memory": peer["memory"]})
    say(f"  {peer['lines']:,} credit control lines, {peer['communications']:,} communications")
    if peer["stopped"]:
        say(f'  stopped in "{peer["stopped"]}" after {peer["whole"]["seconds"]:.0f} s: the ratio is at least what is printed')
    _ratio(
        "account_credit_control / ours before rendering",
        peer["whole"]["seconds"] / figures["first"]["planning"]["seconds"],
        "at least 100",
    )


# -- the accountant -----------------------------------------------------------------------------------------------


class _Worker:
    """A process that does one transaction per line of input."""

    def __init__(self, task, database):
        command = [sys.executable, HERE / "worker.py", task, database, DATA]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def round(self, *arguments):
        print(*arguments, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def _accountant(databases, options):
    """The same transactions with and without the suite, in turns."""
    invoices = options.invoices
    names = {
        "without": databases.copy(databases.filled(invoices), "accountant_without"),
        "with": databases.copy(databases.with_suite(invoices), "accountant_with"),
    }
    task("cycle.first_run", names["with"], sample=0)  # the customers have cases, as in daily use
    say("\nthe accountant, with / without the suite, in turns, median")
    say(f"  {'':<50}{'CPU':>7}{'+ after commit':>16}{'statements more':>17}{'after commit':>14}")
    workers = {name: _Worker("accountant.serve", database) for name, database in names.items()}
    try:
        for name in options.accountant or SCENARIOS:
            scenario, size, times = SCENARIOS[name]
            size, rounds = size or options.size, options.rounds * times
            _print_accountant(f"{size:,} {LABELS[scenario]}, {rounds} times", _in_turns(workers, rounds, scenario, size))
    finally:
        for worker in workers.values():
            worker.close()


def _in_turns(workers, rounds, *order):
    """Let each worker do so many ``rounds`` of ``order``, in turns; return their answers, without a first, cold one."""
    answers = {name: [] for name in workers}
    for number in range(rounds + 1):
        for name in list(workers) if number % 2 else list(reversed(workers)):
            answers[name].append(workers[name].round(*order[:1], number, *order[1:]))
    return {name: values[1:] for name, values in answers.items()}


def _print_accountant(label, rounds):
    def cpu(values, parts):
        return sum(values[part]["cpu"] + (values[part]["database_cpu"] or 0) for part in parts)

    def ratio(*parts):
        return median(cpu(values, parts) for values in rounds["with"]) / median(
            cpu(values, parts) for values in rounds["without"]
        )

    def more(part):
        return median(values[part]["statements"] for values in rounds["with"]) - median(
            values[part]["statements"] for values in rounds["without"]
        )

    say(
        f"  {label:<50}{ratio('transaction'):7.3f}{ratio('transaction', 'after_commit'):16.3f}"
        f"{more('transaction'):17.0f}{more('after_commit'):14.0f}"
    )


if __name__ == "__main__":
    main()
