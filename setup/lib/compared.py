"""OCA's account_credit_control, in a folder of its own: the benches measure against it, a test imports from it."""

from . import python_env
from .paths import cache_folder, content_key
from .prepared import prepared
from .say import doing

COMPARED_WITH = "odoo-addon-account-credit-control==19.0.1.0.0.13"


def addons(environment):
    """Return the folder to add to Odoo's addons path, installed if need be."""
    folder = prepared(cache_folder() / f"compared-{content_key(COMPARED_WITH)}", lambda folder: _install(environment, folder))
    return folder / "odoo/addons"


def _install(environment, folder):
    with doing(f"installing {COMPARED_WITH} to compare with"):
        python_env.pip(
            environment.python,
            *("install", "--quiet", "--no-deps", "--target", folder, COMPARED_WITH),
            failure=f"cannot install {COMPARED_WITH}",
        )
