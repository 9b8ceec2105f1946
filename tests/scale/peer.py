"""OCA's account_credit_control on the same ledger: generate, set to ready, communications."""

import signal

from measure import Phase, peak_memory

_STEPS = ("generate", "ready", "communications")


class _TimeIsUp(Exception):
    pass


def whole_run(env, seconds):
    """Run the three steps with a commit after each; stop after ``seconds`` and say where."""
    company = env.company
    policy = env.ref("account_credit_control.credit_control_3_time")
    policy.account_ids = env["account.account"].search([("account_type", "=", "asset_receivable")])
    company.credit_policy_id = policy
    env.cr.commit()
    run = env["credit.control.run"].create({"date": env.cr.now().date(), "policy_ids": [(6, 0, policy.ids)]})
    phases = {}
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(int(seconds))
    stopped = None
    with Phase() as whole:
        for step in _STEPS:
            phases[step] = Phase()
            try:
                with phases[step]:
                    globals()[f"_{step}"](env, run)
                    env.cr.commit()
            except _TimeIsUp:
                stopped = step
                env.cr.rollback()
                break
    signal.alarm(0)
    return {
        "phases": {name: phase.values() for name, phase in phases.items()},
        "whole": whole.values(),
        "stopped": stopped,
        "lines": env["credit.control.line"].search_count([]),
        "communications": env["credit.control.communication"].search_count([]),
        "memory": peak_memory(),
    }


def _stop(*_signal):
    raise _TimeIsUp


def _generate(env, run):
    run.generate_credit_lines()


def _ready(env, run):
    run.set_to_ready_lines()


def _communications(env, run):
    lines = run.line_ids.filtered(lambda line: line.state == "to_be_sent" and line.channel == "email")
    env["credit.control.communication"]._generate_comm_from_credit_lines(lines)
