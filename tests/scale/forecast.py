"""How far past cash forecasts were off, and what one takes: run it through ``setup/odoo shell`` on a database with a past.

    setup/odoo shell -d collections --no-http < tests/scale/forecast.py

Prints, for each currency of the companies together, the error per week over all past dates, then seconds and statements of
one forecast and of the whole back-test.
"""

import time


def measured(env, call):
    """Return (result, seconds, statements) of a call with an empty cache."""
    env.flush_all()
    env.invalidate_all()
    before, started = env.cr.sql_log_count, time.perf_counter()
    result = call()
    return result, time.perf_counter() - started, env.cr.sql_log_count - before


def percent(share):
    """Return a share as text, a dash where there is none."""
    return f"{100 * share:8.1f}" if share is not None else "       -"


def print_errors(backtest, currencies):
    """Print the error of each week, one table per currency."""
    dates = backtest["dates"]
    print(f"{len(dates)} past dates: {', '.join(dates) or 'none'}")
    for group in backtest["groups"]:
        if not group["company_id"]:
            print(f"{currencies.browse(group['currency_id']).name}: in percent of the money that came")
            print("  week   error    bias  by then  inside the band")
            for number, week in enumerate(group["weeks"], start=1):
                figures = "".join(percent(week[name]) for name in ("error", "bias", "error_until", "inside"))
                print(f"  {number:>4}{figures}")


def report(env):
    """Print all, for the companies of the user."""
    companies = env.user.company_ids
    env = env(context={**env.context, "allowed_company_ids": companies.ids})
    forecasts = env["collection.forecast"]
    backtest, seconds, statements = measured(env, forecasts.get_backtest)
    print_errors(backtest, env["res.currency"])
    print(f"back-test: {seconds:.2f} s, {statements} statements")
    found, seconds, statements = measured(env, forecasts.get_forecast)
    print(f"forecast:  {seconds:.2f} s, {statements} statements, {len(found['groups'])} groups")


if "env" in globals():
    report(env(user=env.ref("base.user_admin").id, su=False))  # noqa: F821 (the shell gives env)
