"""Fill a scratch database with thousands of cases, to look at its screens: run it through ``setup/odoo shell``.

    setup/odoo -d screens_20000 -i account_collections_auto --stop-after-init
    COLLECTIONS_CASES=20000 setup/odoo shell -d screens_20000 --no-http < tests/scale/fill_for_screens.py

The ledger is that of the benches. A cycle was run on it: 300 messages were sent, the courtesy reminders wait for approval, one
customer in a hundred has no address; and a preview of tomorrow is there. The database must have no invoices yet.
"""

import os
import sys
from datetime import timedelta

sys.path.insert(0, "tests/scale")

import ledger  # noqa: E402
from cycle import first_run  # noqa: E402

CASES_PER_INVOICE = 0.16
SENT = 300

cases = int(os.environ.get("COLLECTIONS_CASES", "20000"))
if env["account.move"].search_count([("state", "=", "posted")], limit=1):  # noqa: F821 (the shell gives env)
    raise SystemExit("This database has invoices already; fill one of its own.")
ledger.fill(env, round(cases / CASES_PER_INVOICE))  # noqa: F821
env.company._collection_create_default_plans()  # noqa: F821
env.company.collection_plan_id.level_ids[:1].mode = "review"  # noqa: F821
env.flush_all()  # noqa: F821
env.cr.execute("UPDATE res_partner SET email = NULL, email_normalized = NULL WHERE email LIKE 'customer%00@bench%'")  # noqa: F821
env.invalidate_all()  # noqa: F821
env.cr.commit()  # noqa: F821
first_run(env, sample=SENT)  # noqa: F821
env["collection.cycle"].preview(env.company, env.company._collection_today() + timedelta(days=1))  # noqa: F821
env.cr.commit()  # noqa: F821
print(f"{env['collection.case'].search_count([]):,} cases")  # noqa: F821
