from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..engine import project, takeover
from ..importers import found as contract

# Where Odoo keeps the names of imported records: so a second import knows what the first one took over.
NAMESPACE = "__import__"


class CollectionImport(models.TransientModel):
    """Take over levels, last reminders and exclusions from another dunning program whose tables are in the database."""

    _name = "collection.import"
    _description = "Take Over from Another Program"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    source = fields.Selection(
        selection="_selection_source",
        string="Take Over From",
        help="The programs whose data is in this database, whether they are still installed or not. They are only read.",
    )
    as_default = fields.Boolean(
        string="Use as Default Plan",
        default=True,
        help="Customers without a plan of their own follow the plan that was the default in the other program.",
    )
    is_done = fields.Boolean(readonly=True)
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    report = fields.Html(readonly=True, sanitize=False, string="What Was Taken Over")

    @api.model
    def _selection_source(self):
        return [(code, source._label()) for code, source in self.env["collection.import.source"]._sources().items()]

    @api.model
    def action_open(self):
        """Open the screen for the current company, with the first program that was found."""
        company = self.env.company.root_id
        self._check_manager(company)
        sources = self._selection_source()
        wizard = self.create({"company_id": company.id, "source": sources[0][0] if sources else False})
        if sources:
            wizard.sudo()._refresh_ledger()
        return {
            "type": "ir.actions.act_window",
            "name": wizard.display_name,
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.depends_context("lang")
    def _compute_display_name(self):
        self.display_name = self.env._("Take Over from Another Program")

    @api.model
    def _check_manager(self, company):
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can take over from another program."))
        if not self.env.su and company not in self.env.companies:
            raise AccessError(self.env._("You have no access to %(company)s.", company=company.sudo().name))

    # -- the preview ---------------------------------------------------------------------------------------------------

    @api.depends("source", "company_id", "as_default", "is_done")
    @api.depends_context("lang")
    def _compute_preview(self):
        """What an import would take over: it only reads."""
        for wizard in self:
            wizard.preview = wizard._preview() if wizard.source and not wizard.is_done else False

    def _preview(self):
        self._check_manager(self.company_id)
        wizard = self.sudo().with_company(self.company_id)
        findings = wizard._find()
        return wizard._render_report(findings, wizard._count_new(findings, wizard._read_known()))

    def _refresh_ledger(self):
        self.env.flush_all()
        project.append_pending_marks(self.env)
        project.refresh_company(self.env, self.company_id)

    def _find(self):
        return self.env["collection.import.source"]._sources()[self.source]._find(self.company_id)

    def _count_new(self, findings, known):
        """Return what an import would take over now, beyond what is ``known``."""
        levels = [level for plan in findings.plans for level in plan.levels]
        return {
            "plans": [plan for plan in findings.plans if self._plan_key(plan) not in known],
            "items": self._count_progress(findings.progress, levels),
            "exclusions": [stop for stop in findings.exclusions if self._hold_key(stop) not in known],
        }

    def _count_progress(self, progress, levels):
        """Return (items whose level is new here, their customers, reminders about items that are not open any more)."""
        if progress is None or not levels:
            return 0, 0, 0
        (row,) = self.env.execute_query(
            SQL(
                """SELECT count(DISTINCT item.id) FILTER (WHERE level.days > COALESCE(item.level_days, -100000)),
                          count(DISTINCT item.case_id) FILTER (WHERE level.days > COALESCE(item.level_days, -100000)),
                          count(DISTINCT progress.line_id) FILTER (WHERE item.id IS NULL)
                     FROM (%(progress)s) progress
                     JOIN account_move_line line ON line.id = progress.line_id
                      AND line.company_id IN (SELECT id FROM res_company
                                               WHERE split_part(parent_path, '/', 1)::int = %(company)s)
                     JOIN (SELECT * FROM unnest(%(refs)s, %(days)s) AS pair (ref, days)) level ON level.ref = progress.level_ref
                     LEFT JOIN collection_item item
                       ON item.move_line_id = progress.line_id AND item.active AND item.amount_residual_currency > 0""",
                progress=progress,
                company=self.company_id.id,
                refs=[level.ref for level in levels],
                days=[level.days for level in levels],
            )
        )
        return row

    # -- the import ----------------------------------------------------------------------------------------------------

    def action_import(self):
        """Take over what is not there yet, and report it. A second import changes nothing."""
        self.ensure_one()
        self._check_manager(self.company_id)
        if not self.source:
            raise UserError(self.env._("Choose the program to take over from."))
        # Evidence and holds are written by the system; the right was checked above, the sources are only read.
        self.sudo().with_company(self.company_id)._import()
        return True

    def _import(self):
        self._refresh_ledger()
        findings = self._find()
        new = self._count_new(findings, self._read_known())
        for plan in new["plans"]:
            self._assign_plan(self._create_plan(plan), plan)
        self._create_holds(new["exclusions"])
        self.env.flush_all()
        project.refresh_company(self.env, self.company_id)
        if findings.progress is not None:
            takeover.import_progress(
                self.env,
                self.company_id,
                findings.progress,
                self._get_levels(findings.plans),
                occasion=f"import:{self.source}:{self.id}",
            )
        self.is_done = True
        self.report = self._render_report(findings, new)
        self.company_id.partner_id._message_log(body=self.report, author_id=self.env.user.partner_id.id)

    # -- plans ---------------------------------------------------------------------------------------------------------

    def _create_plan(self, plan):
        """Create the plan with its levels, the texts among them, and remember where they came from."""
        levels = list(plan.levels)
        values = {"name": plan.name, "company_id": self.company_id.id, "level_ids": []}
        if plan.tolerance:
            values["tolerance_amount"] = plan.tolerance
        for position, level in enumerate(levels):
            since_previous, to_answer = contract.waiting(levels, position)
            values["level_ids"].append(
                fields.Command.create(
                    {
                        "name": next(iter(level.name.values())),
                        "days_overdue": level.days,
                        "response_days": to_answer,
                        "minimum_days_since_previous": since_previous,
                        "mode": level.mode,
                        "step_ids": [
                            fields.Command.create(
                                {"channel": "email", "mail_template_id": self._get_template(level, position).id}
                            )
                        ],
                    }
                )
            )
        record = self.env["collection.plan"].create(values)
        by_days = {level.days_overdue: level for level in record.level_ids}
        self._remember(self._plan_key(plan), record)
        for level in levels:
            for lang, name in level.name.items():
                by_days[level.days].with_context(lang=lang).name = name
            self._remember(self._level_key(level), by_days[level.days])
        return record

    def _get_levels(self, plans):
        """Return {ref at the source: level} of those levels that are still there."""
        known = self._read_known()
        numbers = {level.ref: known.get(self._level_key(level)) for plan in plans for level in plan.levels}
        return {ref: self.env["collection.level"].browse(number) for ref, number in numbers.items() if number}

    def _assign_plan(self, record, plan):
        """Let the customers follow the new plan who followed the old one; a plan chosen by hand stays."""
        partners = self.env["res.partner"].browse(plan.partner_ids)
        partners.filtered(lambda partner: not partner.collection_plan_id).collection_plan_id = record
        if plan.is_default and (self.as_default or not self.company_id.collection_plan_id):
            self.company_id.collection_plan_id = record

    def _get_template(self, level, position):
        """Return the level's own text as a template, else one of ours in a tone that fits its place."""
        if level.text:
            return self._create_template(level)
        days = "courtesy" if level.days <= 0 else ("first_reminder", "second_reminder", "second_reminder")[min(position, 2)]
        return self.env.ref(f"account_collections_auto.mail_template_{days}")

    def _create_template(self, level):
        """The text contains no instructions of its own: only ours are added, the items and how to pay."""
        body = self._build_bodies(level.text)
        first_lang = next(iter(body))
        template = self.env["mail.template"].create(
            {
                "name": self.env._("Collections: %(level)s", level=next(iter(level.name.values()))),
                "model_id": self.env["ir.model"]._get_id("collection.action"),
                "use_default_to": False,
                "lang": "{{ object.lang }}",
                "email_layout_xmlid": "account_collections_auto.mail_layout",
                "subject": "{{ object.company_id.name }}: {{ object.level_id.name }}",
                "body_html": body[first_lang],
            }
        )
        for lang, text in body.items():
            template.with_context(lang=lang).body_html = text
        return template

    def _build_bodies(self, text):
        ours = Markup('<t t-out="object.items_table"/><t t-out="object.payment_details"/><t t-out="object.contact_details"/>')
        return {lang: Markup("<div>%s%s</div>") % (Markup(body), ours) for lang, body in text.items()}

    # -- holds ---------------------------------------------------------------------------------------------------------

    def _create_holds(self, exclusions):
        today = self.company_id._collection_today()
        item_ids = self._find_items([line_id for stop in exclusions for line_id in stop.line_ids])
        # A hold without items holds everything back.
        exclusions = [stop for stop in exclusions if not stop.line_ids or item_ids.keys() & stop.line_ids]
        holds = (
            self.env["collection.hold"]
            .with_context(tracking_disable=True)
            .create(
                [
                    {
                        "partner_id": stop.partner_id,
                        "company_id": self.company_id.id,
                        "item_ids": [fields.Command.set([item_ids[line] for line in stop.line_ids if line in item_ids])],
                        "date_from": today,
                        "date_until": stop.until or False,
                        "reason": stop.reason,
                    }
                    for stop in exclusions
                ]
            )
        )
        self.env["ir.model.data"].create(
            [self._prepare_name(self._hold_key(stop), hold) for stop, hold in zip(exclusions, holds, strict=True)]
        )

    def _find_items(self, line_ids):
        items = self.env["collection.item"].search([("move_line_id", "in", line_ids)])
        return {item.move_line_id.id: item.id for item in items}

    # -- what was taken over before --------------------------------------------------------------------------------------

    def _plan_key(self, plan):
        return self._key("plan", plan.ref)

    def _level_key(self, level):
        return self._key("level", level.ref)

    def _hold_key(self, stop):
        return self._key("hold", stop.key)

    def _key(self, kind, ref):
        return f"collection_{self.source}_{self.company_id.id}_{kind}_{ref}"

    def _read_known(self):
        """Return {name: id} of what earlier imports made, as long as it exists."""
        names = self.env["ir.model.data"].search(
            [("module", "=", NAMESPACE), ("name", "=like", self._key("%", "%").replace("_", r"\_"))]
        )
        return {name.name: name.res_id for name in names}

    def _remember(self, key, record):
        self.env["ir.model.data"].create(self._prepare_name(key, record))

    def _prepare_name(self, name, record):
        return {"module": NAMESPACE, "name": name, "model": record._name, "res_id": record.id, "noupdate": True}

    # -- the report ----------------------------------------------------------------------------------------------------

    def _render_report(self, findings, new):
        """Return what is (to be) taken over and what is not, with the reasons."""
        items, customers, paid = new["items"]
        source = self.env["collection.import.source"]._sources()[self.source]
        stops = {}
        for stop in new["exclusions"]:
            stops.setdefault(stop.reason, []).append(stop)
        return self.env["ir.qweb"]._render(
            "account_collections_auto.collection_import_report",
            {
                "source": source._label(),
                "is_done": self.is_done,
                "still_installed": source._is_installed(),
                "plans": [self._describe_plan(plan) for plan in new["plans"]],
                "known_plans": len(findings.plans) - len(new["plans"]),
                "items": items,
                "customers": customers,
                "paid": paid,
                "stops": [(reason, len(group), self._describe_until(group)) for reason, group in stops.items()],
                "known_stops": len(findings.exclusions) - len(new["exclusions"]),
                "notes": findings.notes,
                "is_nothing": not (new["plans"] or items or new["exclusions"]),
            },
        )

    def _describe_plan(self, plan):
        modes = dict(self.env["collection.level"]._fields["mode"]._description_selection(self.env))
        lang = self.env.lang or "en_US"
        return {
            "name": plan.name,
            "is_default": plan.is_default and self.as_default,
            "customers": len(plan.partner_ids),
            "levels": [
                {
                    "name": level.name.get(lang) or next(iter(level.name.values())),
                    "days": level.days,
                    "mode": modes[level.mode],
                    "own_text": bool(level.text),
                }
                for level in plan.levels
            ],
        }

    def _describe_until(self, stops):
        days = sorted({stop.until for stop in stops if stop.until})
        if not days:
            return self.env._("until somebody ends it")
        if len(days) == 1:
            return self.env._("until %(date)s", date=format_date(self.env, days[0]))
        return self.env._(
            "until %(first)s to %(last)s", first=format_date(self.env, days[0]), last=format_date(self.env, days[-1])
        )
