"""With Odoo's website installed the customer's pages stand in its frame. They were tried in it by hand; a database of its own
for them would take minutes in each run. This says when there is a reason to try again: a part of a page that ours hang on is
changed by the website, or what the website wants of a page is not there."""

from pathlib import Path

import odoo.addons.portal
from lxml import etree
from odoo.addons.account_collections_portal.controllers.portal_access import CollectionsPortal

ADDONS = Path(odoo.addons.portal.__file__).parents[1]
OURS = Path(__file__).resolve().parents[2] / "account_collections_portal"
MODULE = "account_collections_portal"


def _extensions(folder):
    """Yield (template that is extended, file, template that extends it) of the XML files of a module."""
    for path in sorted(folder.glob("views/**/*.xml")):
        for template in etree.parse(path).iterfind(".//template[@inherit_id]"):
            yield template.get("inherit_id"), path, template


def _website_modules():
    return [path for path in ADDONS.iterdir() if path.name.startswith("website") and (path / "__manifest__.py").exists()]


def test_the_website_replaces_nothing_that_our_pages_hang_on():
    hang_on = {name for name, _path, _template in _extensions(OURS) if not name.startswith(f"{MODULE}.")}
    assert {"portal.portal_layout", "portal.portal_breadcrumbs", "payment.form_icon"} <= hang_on
    found = [extension for module in _website_modules() for extension in _extensions(module)]
    assert "portal.frontend_layout" in {name for name, _path, _template in found}, "the website's templates were found"
    replaced = [
        f"{path.parts[-3]}: {template.get('id')} replaces a part of {name}"
        for name, path, template in found
        if name in hang_on and template.get("primary") != "True" and template.findall(".//*[@position='replace']")
    ]
    assert replaced == []


def test_our_pages_ask_for_the_frame_of_the_website():
    """Without it they had neither its menu nor its languages; a page in the frame is no part of its site map."""
    pages = {}
    for kind in _controllers(CollectionsPortal):
        pages |= {name: method.original_routing for name, method in vars(kind).items() if hasattr(method, "original_routing")}
    ours = {
        name: routing
        for name, routing in pages.items()
        if any(route.startswith("/my/collections") for route in routing.get("routes") or ())
    }
    assert len(ours) > 20
    framed = {name for name, routing in ours.items() if routing["type"] == "http"}
    assert {name for name in framed if not (ours[name].get("website") and ours[name].get("sitemap") is False)} == set()


def _controllers(kind):
    return [kind, *(found for one in kind.__subclasses__() for found in _controllers(one) if found.__module__.count(MODULE))]
