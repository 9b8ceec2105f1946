def post_init_hook(env):
    """Give each company its own default plan and its time zone; nothing is sent and nothing is switched on."""
    env["res.company"]._collection_create_default_plans()
    env["res.company"].with_context(active_test=False).search([])._collection_find_time_zone()
    # Open documents get the token of their signed page now, new ones when they are created: a reminder then need not
    # write on a row that somebody is working on. One statement; the field exists since long before us.
    env.cr.execute(
        """UPDATE account_move SET access_token = gen_random_uuid()::text
            WHERE access_token IS NULL AND state = 'posted' AND move_type IN ('out_invoice', 'out_refund')
              AND amount_residual != 0"""
    )


def uninstall_hook(env):
    """Give back the "no follow-up" flags that our stops set in Odoo, and untie what would keep our records from going.

    Odoo deletes what the module's files made, one by one: a plan that a company uses or a text that a step uses refuses.
    """
    env["collection.mirror"].search([])._give_back()
    env["res.company"].with_context(active_test=False).search([]).collection_plan_id = False
    env["collection.plan.rule"].with_context(active_test=False).search([]).unlink()
    env["collection.step"].search([]).unlink()
    env["collection.charge.terms"].with_context(active_test=False).search([]).reference_id = False
    plans = env["collection.plan"].with_context(active_test=False).search([])
    plans.write({"broken_promise_template_id": False, "instalment_template_id": False})
    env["collection.hold"].with_context(active_test=False).search([("reason_id", "!=", False)]).reason_id = False
