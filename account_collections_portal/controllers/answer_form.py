"""What the forms share in which a customer answers: what an answer is about, the files that come along, what was wrong."""

from typing import NamedTuple

from odoo import models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.http import request
from werkzeug.exceptions import NotFound

from ..engine import forms, statement, uploads
from .statement import CollectionsStatement, Words


class Group(NamedTuple):
    """Items of one company and currency, which one answer is about."""

    key: str
    company: models.Model
    currency: models.Model
    rows: list

    @property
    def amount(self):
        """What is open of them and not disputed."""
        return sum(float(row.open) - float(row.disputed) for row in self.rows)


class Refused(Exception):
    """What was typed cannot be used; the text says why."""


class CollectionsAnswerForm(CollectionsStatement):
    """A form for an answer. Each act is a form sent by a person; looking at one changes nothing."""

    def _collections_groups(self, viewer, *statuses, document=None):
        """Return the items to answer for, by company and currency: those chosen, else those of the first status found.

        Items of others, or that do not exist: not found.
        """
        chosen = request.httprequest.values.getlist("item")
        domain = viewer.domain()
        if chosen:
            domain &= Domain("id", "in", viewer.find_items(chosen[:1000]).ids)
        elif document:
            domain &= Domain("move_id", "=", forms.read_number(document))
        rows = [row for row in statement.rows(viewer.env, viewer.companies, domain) if row.open > 0]
        if (chosen or document) and not rows:
            raise NotFound()
        if not chosen and not document:
            rows = next(filter(None, ([row for row in rows if row.status in some] for some in statuses)), [])
        by_section = {}
        for row in rows:
            by_section.setdefault((row.company_id, row.currency_id), []).append(row)
        companies, currencies = viewer.env["res.company"], viewer.env["res.currency"]
        return [
            Group(f"{company_id}-{currency_id}", companies.browse(company_id), currencies.browse(currency_id), found)
            for (company_id, currency_id), found in by_section.items()
        ]

    def _collections_group(self, viewer, groups, section):
        """Return the group that a form was about, and its case."""
        group = next((group for group in groups if group.key == section or len(groups) == 1), None)
        if not group:
            raise Refused(viewer.env._("Choose what your answer is about."))
        case = viewer.cases.filtered(lambda case: case.company_id == group.company)
        return group, case, viewer.env["collection.item"].browse([row.item_id for row in group.rows])

    def _collections_files(self, viewer):
        """Return the files that came along as (name, mimetype, content); anything but a few PDFs and pictures is refused."""
        files = [upload for upload in request.httprequest.files.getlist("files") if upload.filename]
        if len(files) > uploads.MAX_FILES:
            raise Refused(viewer.env._("At most %(count)s files, please.", count=uploads.MAX_FILES))
        found = []
        for upload in files:
            upload.seek(0)  # a request that met another one is read again
            content = upload.read(uploads.MAX_BYTES + 1)
            if len(content) > uploads.MAX_BYTES:
                raise Refused(viewer.env._("A file can have %(size)s MB at most.", size=uploads.MAX_BYTES // 1024 // 1024))
            kind = uploads.sniff(content)
            if not kind:
                raise Refused(viewer.env._("Only PDF files and pictures, please."))
            found.append((uploads.safe_name(upload.filename, kind[1]), kind[0], content))
        return found

    def _collections_form(self, viewer, template, title, **values):
        """Show a form; what was typed before stands in it again."""
        common = {
            **self._prepare_portal_layout_values(),
            "page_name": "collections",
            "page_title": title,
            "no_breadcrumbs": bool(viewer.link),
            "viewer": viewer,
            "words": Words(viewer.env),
            "typed": {},
            "problem": None,
            "max_files": uploads.MAX_FILES,
            "max_megabytes": uploads.MAX_BYTES // 1024 // 1024,
        }
        return request.render(f"account_collections_portal.{template}", common | values)

    def _collections_numbers(self, items):
        """Return the first few numbers of items as text. There may be thousands: no other is loaded."""
        numbers = items[:6].with_prefetch().mapped("display_name")
        return ", ".join(numbers[:5]) + (" …" if len(numbers) > 5 else "")

    def _collections_about(self, viewer, document=None):
        """Return the items that an answer is about where none are chosen: what is overdue, else what is not due yet."""
        return self._collections_groups(viewer, ("overdue",), ("not_due",), document=document)

    def _collections_answer(self, viewer, act, form, **typed):
        """Do what a form asks for and say thank you; else show ``form`` once more, with what was wrong and what was typed."""
        _done, problem = self._collections_try(act)
        return form(problem=problem, typed=typed) if problem else self._collections_thanks(viewer)

    def _collections_try(self, act):
        """Do what a form asks for, all of it or nothing. Return (what came of it, why not)."""
        try:
            with request.env.cr.savepoint():
                return act(), None
        except Refused as refused:
            return None, str(refused)
        except (UserError, ValidationError) as error:
            return None, str(error)

    def _collections_thanks(self, viewer):
        return request.redirect(viewer.url("/answers?said=1"), code=303)
