"""One cycle on the filled ledger, measured per verb, and the same again after little has changed."""

from collections import defaultdict
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from unittest.mock import patch

from measure import Phase, peak_memory
from odoo.addons.account_collections_auto.engine import project, select, withhold


@contextmanager
def measured_phases(env, sample):
    """Measure the verbs of the cycles inside; dispatch at most ``sample`` messages."""
    phases = defaultdict(Phase)

    def timed(name, function):
        def wrapper(*arguments, **options):
            with phases[f"dispatch: {name}" if phases["dispatch"].is_open else name]:
                return function(*arguments, **options)

        return wrapper

    cycle, action = env.registry["collection.cycle"], env.registry["collection.action"]
    dispatch_batch = action._dispatch_batch

    def dispatch_sample(self, domain, date, limit):
        limit = min(limit, sample - phases["dispatch"].handled)
        if limit <= 0:
            return 0
        with phases["dispatch"] as phase:
            handled = dispatch_batch(self, domain, date, limit)
        phase.handled += handled
        return handled

    phases["dispatch"].handled = 0
    targets = [
        (cycle, "_project_all", "project"),
        (select, "select", "select"),
        (withhold, "withhold", "withhold"),
        (cycle, "_schedule", "schedule"),
        (project, "refresh_marked", "refresh"),
        (cycle, "_plan_all", "plan"),
        (cycle, "_project_and_plan_rest", "plan"),
    ]
    with ExitStack() as stack:
        for owner, name, phase in targets:
            stack.enter_context(patch.object(owner, name, timed(phase, getattr(owner, name))))
        stack.enter_context(patch.object(action, "_dispatch_batch", dispatch_sample))
        yield phases


def _planned(phases):
    """The seconds and statements up to rendering: project, select, withhold, schedule."""
    return {
        name: sum(getattr(phases[phase], name) for phase in ("project", "plan")) for name in ("seconds", "cpu", "statements")
    }


def _run(env, sample):
    memory = peak_memory()
    with measured_phases(env, sample) as phases, Phase() as whole:
        cycle = env["collection.cycle"].run(env.company, env.company._collection_today(), commit=True)
    return {
        "phases": {name: phase.values() for name, phase in phases.items()},
        "planning": _planned(phases),
        "whole": whole.values(),
        "memory_before": memory,
        "dispatched": phases["dispatch"].handled,
        "state": cycle.state,
    }


def first_run(env, sample):
    """Run today's cycle with commits; dispatch only ``sample`` of its messages."""
    result = _run(env, sample)
    env.cr.execute(
        """SELECT (SELECT count(*) FROM collection_item), (SELECT count(*) FROM collection_case), count(*),
                  (SELECT count(*) FROM collection_action_line), count(*) FILTER (WHERE state = 'sent')
             FROM collection_action"""
    )
    return {**result, **dict(zip(("items", "cases", "actions", "lines", "sent"), env.cr.fetchone(), strict=True))}


def second_run(env):
    """Run the same day again, with nothing changed."""
    return _run(env, 0)


def preview(env):
    """Leave a preview of tomorrow beside the cycle of today."""
    with Phase() as whole:
        env["collection.cycle"].preview(env.company, env.company._collection_today() + timedelta(days=1))
        env.cr.commit()
    return whole.values()


def run_after_payments(env, share):
    """Let ``share`` of the customers who owe something pay an invoice, then run the same day again."""
    env.cr.execute(
        """SELECT min(item.move_line_id) FROM collection_item item
            WHERE item.active AND item.amount_residual > 0
            GROUP BY item.case_id ORDER BY md5(item.case_id::text)
            LIMIT ceil(%s * (SELECT count(*) FROM collection_case))""",
        [share],
    )
    lines = env["account.move.line"].browse([row[0] for row in env.cr.fetchall()])
    wizard = env["account.payment.register"].with_context(active_model="account.move.line", active_ids=lines.ids)
    wizard.create({"group_payment": False})._create_payments()
    env.cr.commit()
    env.invalidate_all()
    return {"paid": len(lines), **_run(env, 0)}


def render(env, sample):
    """Render and queue the mails of ``sample`` messages: as the e-mail channel does, and as Odoo's own batch sending."""
    actions = env["collection.action"].search([("state", "=", "queued"), ("channel", "=", "email")], limit=2 * sample)
    ours, theirs = actions[:sample], actions[sample:]
    company = env.company
    recipients = ours.with_company(company)._bring_up_to_date(company, company._collection_today())
    theirs_recipients = theirs.with_company(company)._bring_up_to_date(company, company._collection_today())
    ours._address(company._collection_today(), recipients)
    theirs._address(company._collection_today(), theirs_recipients)
    env.flush_all()
    result = {}
    for name, batch, send in (
        ("channel", ours, env["collection.channel.email"]._send),
        ("odoo", theirs, _send_with_odoo),
    ):
        send(batch[:20])  # compiles the templates
        env.flush_all()
        env.invalidate_all()
        with Phase() as phase:
            for start in range(20, len(batch), 50):
                send(batch[start : start + 50])
            env.flush_all()
        result[name] = {**phase.values(), "mails": len(batch) - 20}
    env.cr.rollback()
    return result


def _send_with_odoo(actions):
    for template, group in actions.grouped(lambda action: action.step_id.mail_template_id).items():
        template.send_mail_batch(group.ids)
