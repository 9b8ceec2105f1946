"""Modules of OCA in a folder of their own: the benches measure against them, a test imports from account_credit_control."""

from . import python_env
from .paths import cache_folder, content_key
from .prepared import prepared
from .say import doing

COMPARED_WITH = [
    "odoo-addon-account-credit-control==19.0.1.0.0.13",
    "odoo-addon-account-financial-report==19.0.0.0.26.3",
    # what the second one depends on
    "odoo-addon-date-range==19.0.1.0.1",
    "odoo-addon-report-xlsx==19.0.1.0.2.2",
]


def addons(environment):
    """Return the folder to add to Odoo's addons path, installed if need be."""
    folder = prepared(cache_folder() / f"compared-{content_key(*COMPARED_WITH)}", lambda folder: _install(environment, folder))
    return folder / "odoo/addons"


def _install(environment, folder):
    with doing(f"installing {', '.join(COMPARED_WITH)} to compare with"):
        python_env.pip(
            environment.python,
            *("install", "--quiet", "--no-deps", "--target", folder, *COMPARED_WITH),
            failure=f"cannot install {', '.join(COMPARED_WITH)}",
        )
