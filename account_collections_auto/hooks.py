def post_init_hook(env):
    """Give each company its own default plan; nothing is sent and nothing is switched on."""
    env["res.company"]._collection_create_default_plans()


def uninstall_hook(env):
    """Give back the "no follow-up" flags that our stops set in Odoo."""
    env["collection.mirror"].search([])._give_back()
