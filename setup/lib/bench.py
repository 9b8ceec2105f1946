"""``setup/bench [arguments]``: ``tests/scale/bench.py`` in the prepared environment.

What the suite is measured against, OCA's account_credit_control, is installed into a
folder of its own that only the benches have on their addons path. Beside the variables
that ``environment`` lists, the bench gets:

``COLLECTIONS_BENCH_ADDONS``  the folder with account_credit_control, on the addons path of ODOO_RC
``COLLECTIONS_BASE_DB``       a template database with Odoo's modules, without the suite
``COLLECTIONS_TEMPLATE_DB``   a template database with the suite
``COLLECTIONS_TEMPLATE_DATA_DIR``  Odoo's data folder of both
"""

import os

from . import compared, databases
from .environment import prepared_environment, write_conf
from .paths import CLONE, run_folder
from .say import Problem

BENCH = CLONE / "tests/scale/bench.py"


def main(arguments):
    if not BENCH.exists():
        raise Problem(f"there is no {BENCH.relative_to(CLONE)}")
    with prepared_environment() as environment:
        addons = compared.addons(environment)
        suite = databases.suite_template(environment)
        conf = write_conf(environment.odoo, name="odoo-bench.conf", data=run_folder("bench", "odoo-data"), addons=[addons])
        inside = environment.with_variables(
            ODOO_RC=conf,
            COLLECTIONS_BENCH_ADDONS=addons,
            COLLECTIONS_BASE_DB=databases.base_template(environment).name,
            COLLECTIONS_TEMPLATE_DB=suite.name,
            COLLECTIONS_TEMPLATE_DATA_DIR=suite.data,
            COLLECTIONS_RUN_DIR=run_folder("bench"),
            PYTHONPATH=os.pathsep.join([environment.variables["PYTHONPATH"], str(CLONE / "setup")]),
        )
        with databases.in_use(suite):
            return inside.run([environment.python, BENCH, *arguments], cwd=CLONE)
