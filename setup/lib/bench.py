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

from . import databases, python_env
from .environment import prepared_environment, write_conf
from .paths import CLONE, cache_folder, content_key, run_folder
from .prepared import prepared
from .say import Problem, doing

COMPARED_WITH = "odoo-addon-account-credit-control==19.0.1.0.0.13"
BENCH = CLONE / "tests/scale/bench.py"


def main(arguments):
    if not BENCH.exists():
        raise Problem(f"there is no {BENCH.relative_to(CLONE)}")
    with prepared_environment() as environment:
        addons = _compared_addons(environment)
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


def _compared_addons(environment):
    folder = prepared(cache_folder() / f"compared-{content_key(COMPARED_WITH)}", lambda folder: _install(environment, folder))
    return folder / "odoo/addons"


def _install(environment, folder):
    with doing(f"installing {COMPARED_WITH} to compare with"):
        python_env.pip(
            environment.python,
            *("install", "--quiet", "--no-deps", "--target", folder, COMPARED_WITH),
            failure=f"cannot install {COMPARED_WITH}",
        )
