"""Withhold: what was selected but must not be contacted now, and why. One small SELECT per reason.

`withhold` runs after `select` in the same transaction. It fills the stops, the claims and the candidate cases; it writes
nothing else. To add a reason for items, inherit `collection.stop.mixin`; to add one for whole customers, extend
`collection.cycle._case_stops`.
"""

from odoo.tools import SQL

from . import instalments, returned
from .wish import CYCLE, WITHOUT_LEVEL

# Reasons whose text is a date.
DATED = ("gap", "bank_line", "awaiting_review", "not_reached", "promise", "payment_notice", "settlement")

# The tables of a cycle, for the reasons that other questions ask too.
TMP_CASE = SQL("collection_tmp_case")
TMP_ITEM = SQL("collection_tmp_item")

# Stored fields of e-invoicing modules, with the states in which the customer may not have the invoice, or refused it.
ELECTRONIC_STATES = {
    "edi_state": ("to_send",),
    "peppol_move_state": ("to_send", "processing", "error"),
    "nemhandel_move_state": ("to_send", "processing", "error"),
    "l10n_es_edi_verifactu_state": ("rejected",),
    "l10n_hu_edi_state": ("sent", "send_timeout", "rejected"),
    "l10n_in_edi_status": ("to_send",),
    "l10n_it_edi_state": (
        "being_sent",
        "requires_user_signature",
        "processing",
        "forward_attempt",
        "rejected",
        "rejected_by_pa_partner",
    ),
    "l10n_jo_edi_state": ("to_send",),
    "l10n_my_edi_state": ("in_progress", "invalid", "rejected"),
    "l10n_pl_edi_status": ("sent", "rejected"),
    "l10n_ro_edi_state": ("invoice_not_indexed", "invoice_sent", "invoice_refused"),
    "l10n_rs_edi_state": ("sending_failed",),
    "l10n_tr_nilvera_send_status": ("error", "sent", "waiting", "unknown"),
    "l10n_tw_edi_state": ("invalid",),
    "l10n_vn_edi_invoice_state": ("ready_to_send",),
}


def reasons_sql(alias):
    """Return SQL that gathers the reasons of a group of rows (code, until, info) of ``alias`` as JSON for a reader."""
    return SQL(
        """jsonb_agg(DISTINCT jsonb_strip_nulls(jsonb_build_object(
               'code', %(alias)s.code, 'until', %(alias)s.until, 'text', %(alias)s.info,
               'date', CASE WHEN %(alias)s.code IN %(dated)s THEN %(alias)s.info END)))""",
        alias=SQL.identifier(alias),
        dated=DATED,
    )


def withhold(env, company, date, ignore_actions=(), wish=CYCLE):
    """Fill the stops, claims and candidate cases of what `select` found for ``company`` on ``date``.

    ``ignore_actions``: ids of actions that are being dispatched, whose own sending is no reason against them.
    ``wish``: what a person asks for, the same as in `select`.
    """
    env.cr.execute(
        """CREATE TEMPORARY TABLE collection_tmp_stop (item_id int, code text, until date, info text, amount numeric)
           ON COMMIT DROP"""
    )
    env.cr.execute(
        "CREATE TEMPORARY TABLE collection_tmp_case_stop (case_id int, code text, until date, info text) ON COMMIT DROP"
    )
    env.cr.execute(
        SQL(
            "INSERT INTO collection_tmp_stop (item_id, code, until, info, amount) %s",
            SQL(" UNION ALL ").join(_item_stops(env, company, date)),
        )
    )
    if wish.kind == "instalment":
        instalments.stop_what_is_not_missed(env)
    if wish.by_hand:
        _allow_by_hand(env)
    if wish.about and not env[wish.about]._is_stopped_itself:
        _forget_stop_of(env, wish.about)
    _take_off_stopped(env)
    if wish.about and env[wish.about]._is_told_whole:
        _wait_for_whole(env, wish)
    if wish.kind == "instalment":
        instalments.forget_own_stop(env)
    _claim(env)
    _advance(env)
    _give_time_after_stops(env, company, date, wish)
    _leave_to_people(env, wish)
    if wish.by_person:
        _let_answer(env)
    _gather_cases(env, company, date, wish)
    _find_recipients(env, company)
    env.cr.execute(
        SQL(
            "INSERT INTO collection_tmp_case_stop (case_id, code, until, info) %s",
            SQL(" UNION ALL ").join(
                SQL("(%s)", stop) for stop in env["collection.cycle"]._case_stops(company, date, ignore_actions)
            ),
        )
    )
    if wish.kind in ("again", *WITHOUT_LEVEL):
        _leave_what_is_prepared(env, ignore_actions)
    if wish.ignored:
        _set_aside(env, wish)
    # What advances and who is stopped was unknown before: without it the planner takes them for a handful.
    env.cr.execute("ANALYZE collection_tmp_item (advances, collectable, claimable), collection_tmp_case_stop (case_id)")


# -- reasons of items ----------------------------------------------------------------------------------------------


def _item_stops(env, company, date):
    """Return SELECTs of (item_id, code, until, text, amount); without an amount the whole item is stopped."""
    stops = [no_followup(), _blocked(), _not_sent(), _online_payment(company, date), payment_on_its_way(), direct_debit()]
    stops += [instalments.charges_under_way_sql(env, company), returned.stop_sql(env, TMP_ITEM)]
    electronic = _electronic_invoice(env)
    if electronic:
        stops.append(electronic)
    whole = [SQL("SELECT found.*, NULL::numeric FROM (%s) found", stop) for stop in stops]
    partly = [env[model]._stopped_items_sql(company, date) for model in stop_models(env)]
    return [SQL("(%s)", stop) for stop in [*whole, *partly]]


def stop_models(env):
    """Return the names of the models that stop items or whole customers."""
    names = env.registry.descendants(["collection.stop.mixin"], "_inherit")
    return sorted(name for name in names if not env.registry[name]._abstract)


def _allow_by_hand(env):
    """A hold that stops only what leaves by itself holds back nothing that a person sends."""
    env.cr.execute("DELETE FROM collection_tmp_stop WHERE code = 'hold_by_hand'")


def _forget_stop_of(env, model):
    """An answer of which the customer has to hear stops its items, but not the message about it."""
    env.cr.execute(SQL("DELETE FROM collection_tmp_stop WHERE code = %s", env[model]._stop_code()))


def _wait_for_whole(env, wish):
    """A message that names the sum of its items waits while a stop keeps us from claiming one of them, or a part of it."""
    env.cr.execute(
        SQL(
            """INSERT INTO collection_tmp_case_stop (case_id, code, until, info)
               SELECT DISTINCT item.case_id, stop.code, stop.until, stop.info
                 FROM collection_tmp_stop stop JOIN collection_tmp_item item ON item.item_id = stop.item_id
                WHERE item.item_id = ANY(%s) AND item.stopped > 0""",
            list(wish.items),
        )
    )


def _take_off_stopped(env):
    """What a stop covers is not claimed; an item of which no more than the tolerance is left is not collectable."""
    env.cr.execute(
        """UPDATE collection_tmp_item item
              SET stopped = CASE WHEN stop.whole THEN item.amount_residual_currency
                                 ELSE LEAST(stop.amount, item.amount_residual_currency) END,
                  claimable = CASE WHEN stop.whole THEN 0 ELSE GREATEST(item.amount_residual_currency - stop.amount, 0) END,
                  collectable = item.collectable AND NOT stop.whole
                                AND item.amount_residual_currency - stop.amount > plan.tolerance_amount * item.per_unit
             FROM (SELECT item_id, bool_or(amount IS NULL) AS whole, COALESCE(sum(amount), 0) AS amount
                     FROM collection_tmp_stop GROUP BY item_id) stop,
                  collection_plan plan
            WHERE stop.item_id = item.item_id AND plan.id = item.plan_id AND NOT item.is_credit"""
    )


def no_followup():
    """Odoo's flag, as somebody set it; what mirrors a stop of ours is that stop's reason, not one of its own."""
    return SQL(
        """SELECT item.item_id, 'no_followup', NULL::date, NULL::text
             FROM collection_tmp_item item JOIN account_move_line line ON line.id = item.move_line_id
            WHERE item.collectable AND line.no_followup
              AND NOT EXISTS (SELECT 1 FROM collection_mirror mirror WHERE mirror.move_id = item.move_id)"""
    )


def _blocked():
    return SQL(
        """SELECT item.item_id, 'blocked', NULL::date, NULL::text
             FROM collection_tmp_item item JOIN account_move move ON move.id = item.move_id
            WHERE item.collectable AND move.payment_state = 'blocked'"""
    )


def _not_sent():
    return SQL(
        """SELECT item.item_id, 'not_sent', NULL::date, NULL::text
             FROM collection_tmp_item item
             JOIN collection_plan plan ON plan.id = item.plan_id
             JOIN account_move move ON move.id = item.move_id
            WHERE item.collectable AND plan.only_sent_invoices AND move.is_move_sent IS NOT TRUE
              AND move.move_type IN ('out_invoice', 'out_receipt')"""
    )


def _electronic_invoice(env):
    """The customer may not have the electronic invoice: in error, refused, or on its way."""
    fields = env["account.move"]._fields
    conditions = [
        SQL("%s IN %s", SQL.identifier("move", name), states)
        for name, states in ELECTRONIC_STATES.items()
        if name in fields and fields[name].store
    ]
    if not conditions:
        return None
    return SQL(
        """SELECT item.item_id, 'edi', NULL::date, NULL::text
             FROM collection_tmp_item item JOIN account_move move ON move.id = item.move_id
            WHERE item.collectable AND (%s)""",
        SQL(" OR ").join(conditions),
    )


def _online_payment(company, date):
    """A transaction that waits for the bank, for capture, or for Odoo to book it.

    One of a provider that only tells the customer where to transfer the money stays pending whether that comes or not: it
    counts as long as an unmatched bank line does.
    """
    return SQL(
        """SELECT DISTINCT item.item_id, 'online_payment', said.last_day, transaction.reference::text
             FROM collection_tmp_item item
             JOIN collection_plan plan ON plan.id = item.plan_id
             JOIN account_invoice_transaction_rel link ON link.invoice_id = item.move_id
             JOIN payment_transaction transaction ON transaction.id = link.transaction_id
             JOIN payment_provider provider ON provider.id = transaction.provider_id
             CROSS JOIN LATERAL (
                 SELECT CASE WHEN transaction.state = 'pending' AND provider.code = 'custom'
                             THEN (transaction.last_state_change AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date
                                  + plan.in_transit_days - 1 END AS last_day) said
            WHERE item.collectable AND (said.last_day IS NULL OR said.last_day >= %(date)s)
              AND (transaction.state IN ('pending', 'authorized')
                   OR (transaction.state = 'done' AND transaction.is_post_processed IS NOT TRUE))""",
        tz=company.collection_tz or "UTC",
        date=date,
    )


def payment_on_its_way(items=TMP_ITEM):
    """A payment linked to the invoice that has not reduced its residual: a draft, or one that is not matched with it.

    One without an entry that somebody marked as paid counts as it does in Odoo: until anything is matched with the invoice.
    Odoo keeps the link when a match is undone. Once the payment is used up elsewhere, by its return or by another invoice,
    it is none of this invoice's any more. ``items``: the table to look at, with item_id, move_id and collectable.
    """
    return SQL(
        """SELECT DISTINCT item.item_id, 'payment', NULL::date, payment.name::text
             FROM %s item
             JOIN account_move__account_payment link ON link.invoice_id = item.move_id
             JOIN account_payment payment ON payment.id = link.payment_id
            WHERE item.collectable AND payment.payment_type = 'inbound'
              AND (payment.state IN ('draft', 'in_process')
                   OR (payment.state = 'paid' AND payment.move_id IS NULL AND NOT EXISTS (
                       SELECT 1 FROM account_move_line own
                         JOIN account_partial_reconcile partial ON partial.debit_move_id = own.id
                        WHERE own.move_id = item.move_id)))
              AND (payment.state = 'draft' OR payment.move_id IS NULL OR EXISTS (
                  SELECT 1 FROM account_move_line own JOIN account_account account ON account.id = own.account_id
                   WHERE own.move_id = payment.move_id AND account.account_type = 'asset_receivable'
                     AND own.reconciled IS NOT TRUE))
              AND NOT EXISTS (
                  SELECT 1 FROM account_partial_reconcile partial
                    JOIN account_move_line credit ON credit.id = partial.credit_move_id
                    JOIN account_move_line debit ON debit.id = partial.debit_move_id
                   WHERE credit.move_id = payment.move_id AND debit.move_id = item.move_id)""",
        items,
    )


def direct_debit():
    """We collect it ourselves; not until a debit failed does the customer have anything to do.

    One that the bank took back failed, too: its payment stays posted and linked, matched with what went out of the bank.
    """
    return SQL(
        """SELECT item.item_id, 'direct_debit', NULL::date, NULL::text
             FROM collection_tmp_item item JOIN res_partner partner ON partner.id = item.debtor_id
            WHERE item.collectable AND partner.collection_direct_debit
              AND NOT EXISTS (
                  SELECT 1 FROM account_invoice_transaction_rel link
                    JOIN payment_transaction transaction ON transaction.id = link.transaction_id
                   WHERE link.invoice_id = item.move_id AND transaction.state IN ('cancel', 'error'))
              AND NOT EXISTS (
                  SELECT 1 FROM account_move__account_payment link
                    JOIN account_payment payment ON payment.id = link.payment_id
                   WHERE link.invoice_id = item.move_id AND payment.state IN ('canceled', 'rejected'))
              AND NOT EXISTS (
                  SELECT 1 FROM account_move__account_payment link
                    JOIN account_payment payment ON payment.id = link.payment_id
                    JOIN account_move_line credit ON credit.move_id = payment.move_id AND credit.balance < 0
                    JOIN account_account account ON account.id = credit.account_id
                                                AND account.account_type = 'asset_receivable'
                   WHERE link.invoice_id = item.move_id AND %s)""",
        returned.taken_back_sql("credit"),
    )


def money_under_way(env, company, date):
    """Return a SELECT of (item_id, code, until, text): money for ``collection_tmp_item`` that was sent, but is not booked.

    What somebody would take a second time: an online payment or a charge that is not decided, a payment that is not booked or
    not matched, a bank line of the customer that is not matched. The caller provides ``collection_tmp_case``, too.
    """
    charges = instalments.charges_under_way_sql(env, company)
    stops = (_blocked(), _online_payment(company, date), charges, payment_on_its_way())
    by_item = SQL(" UNION ALL ").join(SQL("(%s)", stop) for stop in stops)
    return SQL(
        """%s UNION ALL
           SELECT item.item_id, stop.code, stop.until, stop.info
             FROM (%s) stop (case_id, code, until, info) JOIN collection_tmp_item item ON item.case_id = stop.case_id""",
        by_item,
        unmatched_bank_line(company, date),
    )


# -- what may be demanded ------------------------------------------------------------------------------------------


def _claim(env):
    """Net per case and currency: overdue collectable items less all credits of that currency, not below zero."""
    env.cr.execute(
        """CREATE TEMPORARY TABLE collection_tmp_claim ON COMMIT DROP AS
           SELECT case_id, currency_id, max(per_unit) AS per_unit, max(tolerance) AS tolerance, credit, has_overdue,
                  CASE WHEN has_overdue THEN overdue ELSE upcoming END AS demanded,
                  GREATEST(CASE WHEN has_overdue THEN overdue ELSE upcoming END - credit, 0) AS net
             FROM (SELECT item.case_id, item.currency_id, item.per_unit, plan.tolerance_amount * item.per_unit AS tolerance,
                          COALESCE(sum(item.claimable) FILTER (WHERE item.collectable AND item.is_overdue), 0) AS overdue,
                          COALESCE(sum(item.claimable)
                              FILTER (WHERE item.collectable AND item.reached AND item.level_days <= 0), 0) AS upcoming,
                          COALESCE(-sum(item.amount_residual_currency) FILTER (WHERE item.is_credit), 0) AS credit,
                          bool_or(bool_or(item.is_overdue AND NOT item.is_credit AND NOT item.is_small))
                              OVER (PARTITION BY item.case_id) AS has_overdue
                     FROM collection_tmp_item item JOIN collection_plan plan ON plan.id = item.plan_id
                    GROUP BY item.case_id, item.currency_id, item.per_unit, plan.tolerance_amount) summed
            GROUP BY case_id, currency_id, credit, has_overdue, overdue, upcoming"""
    )


def _advance(env):
    """An item advances when it reaches its next level, may be collected, and its currency is not covered by credit.

    A currency whose rest is within the tolerance counts as covered. With anything overdue, no courtesy message.
    """
    env.cr.execute(
        """UPDATE collection_tmp_item item
              SET advances = item.reached AND item.collectable AND claim.net > claim.tolerance
                             AND (item.is_overdue OR NOT claim.has_overdue),
                  reached = item.reached AND (item.is_overdue OR NOT claim.has_overdue)
             FROM collection_tmp_claim claim
            WHERE claim.case_id = item.case_id AND claim.currency_id = item.currency_id AND item.reached"""
    )
    env.cr.execute(
        """INSERT INTO collection_tmp_stop (item_id, code)
           SELECT item_id, 'covered_by_credit' FROM collection_tmp_item
            WHERE reached AND collectable AND NOT advances"""
    )


def _give_time_after_stops(env, company, date, wish):
    """An item whose stop has ended goes on not before the plan's `resume_days`, and not before its deadline has passed.

    Days under a stop of the whole item are no time to answer: they are added to the deadline. They do count as overdue.
    A message about the end of a promise or a payment plan does not wait for that.
    """
    models = [name for name in stop_models(env) if name != wish.about]
    periods = SQL(" UNION ALL ").join(SQL("(%s)", env[name]._ended_periods_sql(company, date)) for name in models)
    env.cr.execute(
        SQL(
            """WITH period AS MATERIALIZED (
                   SELECT ended.item_id, ended.first_day, ended.last_day, ended.resume_date, ended.is_whole,
                          max(ended.last_day) FILTER (WHERE ended.is_whole)
                              OVER (PARTITION BY ended.item_id ORDER BY ended.first_day, ended.last_day
                                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier
                     FROM (%(periods)s) ended (item_id, first_day, last_day, resume_date, is_whole)
               ), waiting AS (
                   SELECT item.item_id,
                          GREATEST(max(period.resume_date) - 1,
                                   CASE WHEN item.got_days > 0 THEN
                                       item.got_deadline + plan.grace_days + COALESCE(sum(
                                           GREATEST(period.last_day - GREATEST(period.first_day, period.earlier + 1,
                                                                               item.got_date + 1) + 1, 0)
                                       ) FILTER (WHERE period.is_whole), 0)::int END) AS until
                     FROM period
                     JOIN collection_tmp_item item ON item.item_id = period.item_id AND item.advances
                     JOIN collection_plan plan ON plan.id = item.plan_id
                    GROUP BY item.item_id, item.got_days, item.got_deadline, item.got_date, plan.grace_days
               ), early AS (
                   UPDATE collection_tmp_item item SET advances = FALSE
                     FROM waiting WHERE waiting.item_id = item.item_id AND waiting.until >= %(date)s
                   RETURNING item.item_id, waiting.until)
               INSERT INTO collection_tmp_stop (item_id, code, until) SELECT item_id, 'resuming', until FROM early""",
            periods=periods,
            date=date,
        )
    )


def _leave_to_people(env, wish):
    """What reaches a level that is sent by hand, or one without steps, waits there and holds up nothing else.

    A person who sends is the hand; a message outside of the levels needs no steps.
    """
    if wish.kind in WITHOUT_LEVEL:
        return
    env.cr.execute(
        SQL(
            """INSERT INTO collection_tmp_stop (item_id, code)
               SELECT item.item_id, CASE WHEN %(by_cycle)s AND level.mode = 'manual' THEN 'manual_level' ELSE 'no_steps' END
                 FROM collection_tmp_item item JOIN collection_level level ON level.id = item.level_id
                WHERE item.advances
                  AND (%(by_cycle)s AND level.mode = 'manual'
                       OR NOT EXISTS (SELECT 1 FROM collection_step step WHERE step.level_id = level.id))""",
            by_cycle=not wish.by_person,
        )
    )
    env.cr.execute(
        """UPDATE collection_tmp_item item SET advances = FALSE FROM collection_tmp_stop stop
            WHERE stop.item_id = item.item_id AND stop.code IN ('manual_level', 'no_steps')"""
    )


def _let_answer(env):
    """What would reach its next level if its last message were not waiting for an answer: a person wants to know."""
    env.cr.execute(
        """INSERT INTO collection_tmp_stop (item_id, code, until)
           SELECT item_id, 'deadline', waits_until FROM collection_tmp_item
            WHERE waits_until IS NOT NULL AND collectable AND NOT reached"""
    )


def _leave_what_is_prepared(env, ignore_actions):
    """A message that waits for approval comes first: it is approved or cancelled before another one is written."""
    env.cr.execute(
        SQL(
            """INSERT INTO collection_tmp_case_stop (case_id, code, info)
               SELECT kase.case_id, 'awaiting_review', min(action.planned_date)::text
                 FROM collection_tmp_case kase JOIN collection_action action ON action.case_id = kase.case_id
                WHERE action.state IN ('planned', 'review', 'queued') AND NOT (action.id = ANY(%s))
                GROUP BY kase.case_id""",
            list(ignore_actions),
        )
    )


def _set_aside(env, wish):
    """Move the reasons that a person sets aside to a table of their own: they hold back nobody, but are remembered."""
    env.cr.execute(
        SQL(
            """CREATE TEMPORARY TABLE collection_tmp_set_aside ON COMMIT DROP AS
               SELECT case_id, code, until, info FROM collection_tmp_case_stop WHERE code IN %(ignored)s
                UNION
               SELECT case_id, 'deadline', max(waits_until), NULL FROM collection_tmp_item
                WHERE advances AND waits_until IS NOT NULL GROUP BY case_id""",
            ignored=wish.ignored,
        )
    )
    env.cr.execute(SQL("DELETE FROM collection_tmp_case_stop WHERE code IN %s", wish.ignored))


def _gather_cases(env, company, date, wish):
    """One row per case with an advancing item: the tone is the highest level that advances, the total in company money.

    ``channel`` is set where no level says through which one: for a message outside of the levels. Where a hold says who
    alone may be written to, ``is_restricted`` is true and ``only_contact_id`` that contact, NULL for nobody.
    """
    env.cr.execute(
        SQL(
            """CREATE TEMPORARY TABLE collection_tmp_case ON COMMIT DROP AS
               SELECT tone.case_id, tone.debtor_id, tone.plan_id, tone.level_id, tone.level_days,
                      claim.amount, plan.minimum_amount, plan.minimum_days_between_contacts, plan.in_transit_days,
                      CASE WHEN %(by_person)s THEN 'auto' WHEN file.needs_review THEN 'review' ELSE level.mode END AS mode,
                      %(by_person)s AS by_person, %(channel)s::text AS channel,
                      only_to.debtor_id IS NOT NULL AS is_restricted, only_to.contact_id AS only_contact_id,
                      only_to.info AS only_info, only_to.until AS only_until
                 FROM (SELECT DISTINCT ON (case_id) case_id, debtor_id, plan_id, level_id, level_days
                         FROM collection_tmp_item WHERE advances
                        ORDER BY case_id, level_days DESC NULLS LAST) tone
                 JOIN (SELECT case_id, round(sum(net / per_unit) FILTER (WHERE net > tolerance), %(digits)s) AS amount
                         FROM collection_tmp_claim GROUP BY case_id) claim ON claim.case_id = tone.case_id
                 JOIN collection_case file ON file.id = tone.case_id
                 JOIN collection_plan plan ON plan.id = tone.plan_id
                 LEFT JOIN collection_level level ON level.id = tone.level_id
                 LEFT JOIN (%(only_contacts)s) only_to
                   ON only_to.company_id = file.company_id AND only_to.debtor_id = tone.debtor_id""",
            digits=company.currency_id.decimal_places,
            only_contacts=env["collection.hold"]._only_contacts_sql(date),
            by_person=wish.by_person,
            channel="email" if wish.kind in WITHOUT_LEVEL else None,
        )
    )
    env.cr.execute("CREATE UNIQUE INDEX ON collection_tmp_case (case_id)")
    env.cr.execute("ANALYZE collection_tmp_case")


def _find_recipients(env, company):
    """Ask each channel whom it would reach; an address with a problem keeps it as a code."""
    env.cr.execute(
        """CREATE TEMPORARY TABLE collection_tmp_recipient (
               case_id int, contact_id int, channel text, partner_id int, address text, lang text, problem text
           ) ON COMMIT DROP"""
    )
    for channel in env["collection.channel"]._channels():
        env.cr.execute(
            SQL(
                "INSERT INTO collection_tmp_recipient (case_id, contact_id, channel, partner_id, address, lang, problem) %s",
                channel._recipients_sql(company),
            )
        )
    # Whatever a channel says: who alone may be written to is decided by a hold.
    env.cr.execute(
        """DELETE FROM collection_tmp_recipient recipient USING collection_tmp_case kase
            WHERE kase.case_id = recipient.case_id AND kase.is_restricted
              AND recipient.partner_id IS DISTINCT FROM kase.only_contact_id"""
    )
    env.cr.execute("ANALYZE collection_tmp_recipient")
    _stop_contacts_without_address(env)
    _stop_covered_contacts(env)


def _stop_contacts_without_address(env):
    """With one message per invoice contact: the items of a contact nobody reaches are withheld, the others go out."""
    env.cr.execute(
        """WITH stuck AS (
               UPDATE collection_tmp_item item SET advances = FALSE
                 FROM (SELECT case_id, contact_id, min(problem) AS problem, min(address) AS address
                         FROM collection_tmp_recipient WHERE contact_id != 0
                        GROUP BY case_id, contact_id HAVING bool_and(problem IS NOT NULL)) unreached
                WHERE item.case_id = unreached.case_id AND item.contact_id = unreached.contact_id AND item.advances
                  AND EXISTS (SELECT 1 FROM collection_tmp_recipient other
                               WHERE other.case_id = item.case_id AND other.problem IS NULL)
               RETURNING item.item_id, unreached.problem, unreached.address)
           INSERT INTO collection_tmp_stop (item_id, code, info) SELECT item_id, problem, address FROM stuck"""
    )


def _stop_covered_contacts(env):
    """With one message per invoice contact: what a contact's own credits cover is not demanded from that contact."""
    env.cr.execute(
        """WITH covered AS (
               SELECT item.case_id, item.contact_id, item.currency_id
                 FROM collection_tmp_item item JOIN collection_plan plan ON plan.id = item.plan_id
                WHERE item.case_id IN (SELECT case_id FROM collection_tmp_recipient WHERE contact_id != 0)
                GROUP BY item.case_id, item.contact_id, item.currency_id, item.per_unit, plan.tolerance_amount
               HAVING sum(item.claimable)
                          FILTER (WHERE item.is_credit OR (item.collectable AND (item.is_overdue OR item.advances)))
                      <= plan.tolerance_amount * item.per_unit
           ), stuck AS (
               UPDATE collection_tmp_item item SET advances = FALSE FROM covered
                WHERE item.advances AND item.case_id = covered.case_id AND item.contact_id = covered.contact_id
                  AND item.currency_id = covered.currency_id
               RETURNING item.item_id)
           INSERT INTO collection_tmp_stop (item_id, code) SELECT item_id, 'covered_by_credit' FROM stuck"""
    )


# -- reasons of customers: SELECTs of (case_id, code, until, text) over collection_tmp_case ---------------------------


def own_company():
    """One of our own companies is not dunned, unless somebody gave it a plan by hand."""
    return SQL(
        """SELECT kase.case_id, 'own_company', NULL::date, NULL::text
             FROM collection_tmp_case kase
             JOIN res_partner partner ON partner.id = kase.debtor_id
             JOIN collection_case file ON file.id = kase.case_id
            WHERE kase.debtor_id IN (SELECT company.partner_id FROM res_company company)
              AND partner.collection_plan_id->>file.company_id::text IS NULL"""
    )


def archived():
    """The customer was archived: whoever did so wants nothing more of it."""
    return SQL(
        """SELECT kase.case_id, 'archived', NULL::date, NULL::text
             FROM collection_tmp_case kase JOIN res_partner partner ON partner.id = kase.debtor_id
            WHERE partner.active IS NOT TRUE"""
    )


def below_minimum():
    """Too little to write about: compared in company currency, after credits."""
    return SQL(
        """SELECT kase.case_id, 'below_minimum', NULL::date, NULL::text
             FROM collection_tmp_case kase WHERE kase.amount < kase.minimum_amount"""
    )


def nobody_to_write_to():
    """A hold says that the customer may not be written to, and names nobody else."""
    return SQL(
        """SELECT kase.case_id, 'no_hold_contact', kase.only_until, kase.only_info
             FROM collection_tmp_case kase WHERE kase.is_restricted AND kase.only_contact_id IS NULL"""
    )


def contacted_lately(date, ignore_actions, test_mode):
    """The gap between two messages, never less than a day; what bounced, a test, a call or a mere record does not count.

    Neither does another message of the occasion that is just leaving: to another contact, or through another channel.
    """
    return SQL(
        """SELECT kase.case_id, 'gap',
                  max(action.contact_date) + GREATEST(kase.minimum_days_between_contacts, 1) - 1,
                  max(action.contact_date)::text
             FROM collection_tmp_case kase
             JOIN collection_action action ON action.case_id = kase.case_id
            WHERE action.state IN ('sent', 'delivered') AND action.channel NOT IN ('call', 'record')
              AND %(counts)s
              AND NOT EXISTS (SELECT 1 FROM collection_action leaving
                               WHERE leaving.id = ANY(%(ignored)s) AND leaving.case_id = action.case_id
                                 AND leaving.occasion = action.occasion)
            GROUP BY kase.case_id, kase.minimum_days_between_contacts
           HAVING max(action.contact_date) + GREATEST(kase.minimum_days_between_contacts, 1) > %(date)s""",
        date=date,
        ignored=list(ignore_actions),
        counts=SQL("(NOT action.is_test OR action.contact_date = %s)", date) if test_mode else SQL("NOT action.is_test"),
    )


def unmatched_bank_line(company, date, cases=TMP_CASE, items=TMP_ITEM):
    """Money of this customer lies in the bank and is not matched yet: by partner, account number or reference.

    ``cases`` and ``items``: the tables to look at, with case_id, debtor_id, in_transit_days and case_id, move_id, is_credit.
    """
    number = SQL("regexp_replace(upper(%s), '[^A-Z0-9]', '', 'g')", SQL("reference.text"))
    return SQL(
        """WITH bank_line AS MATERIALIZED (
               %(bank_lines)s
           ), bank_word AS MATERIALIZED (
               SELECT bank_line.date, regexp_replace(upper(word), '[^A-Z0-9]', '', 'g') AS number
                 FROM bank_line, unnest(regexp_split_to_array(bank_line.payment_ref, '[\\s,;:]+') || bank_line.payment_ref) word
           ), hit AS (
               SELECT kase.case_id, bank_line.date
                 FROM bank_line
                 JOIN res_partner partner ON partner.id = bank_line.partner_id
                 JOIN %(cases)s kase ON kase.debtor_id = partner.commercial_partner_id
               UNION ALL
               SELECT kase.case_id, bank_line.date
                 FROM bank_line
                 JOIN res_partner_bank account
                   ON account.sanitized_acc_number = regexp_replace(upper(bank_line.account_number), '[^A-Z0-9]', '', 'g')
                 JOIN res_partner partner ON partner.id = account.partner_id
                 JOIN %(cases)s kase ON kase.debtor_id = partner.commercial_partner_id
               UNION ALL
               SELECT kase.case_id, bank_word.date
                 FROM bank_word
                 JOIN (SELECT item.case_id, %(number)s AS number
                         FROM %(items)s item
                         JOIN account_move move ON move.id = item.move_id
                         CROSS JOIN LATERAL (VALUES (move.name), (move.payment_reference)) reference (text)
                        WHERE NOT item.is_credit AND reference.text IS NOT NULL
                          AND EXISTS (SELECT 1 FROM bank_line)) named
                   ON named.number = bank_word.number AND length(named.number) >= 5
                 JOIN %(cases)s kase ON kase.case_id = named.case_id
           )
           SELECT kase.case_id, 'bank_line', max(hit.date) + kase.in_transit_days - 1, max(hit.date)::text
             FROM hit JOIN %(cases)s kase ON kase.case_id = hit.case_id
            WHERE hit.date > %(date)s::date - kase.in_transit_days
            GROUP BY kase.case_id, kase.in_transit_days""",
        bank_lines=unmatched_bank_lines(company, date),
        date=date,
        number=number,
        cases=cases,
        items=items,
    )


def unmatched_bank_lines(company, date):
    """Return a SELECT of the money that lies in the bank of ``company`` and its branches, and is not matched yet.

    No older than the longest time that any plan allows for money in transit.
    """
    return SQL(
        """SELECT statement.id, move.date, statement.partner_id, statement.account_number,
                  statement.payment_ref, statement.partner_name
             FROM account_bank_statement_line statement
             JOIN account_move move ON move.id = statement.move_id
            WHERE move.state = 'posted' AND statement.is_reconciled IS NOT TRUE AND statement.amount > 0
              AND statement.company_id IN (SELECT id FROM res_company
                                            WHERE split_part(parent_path, '/', 1)::int = %(company)s)
              AND move.date > %(date)s::date - (SELECT max(in_transit_days) FROM collection_plan)
              AND move.date <= %(date)s""",
        company=company.id,
        date=date,
    )


def unreachable():
    """No step of the level reaches the customer: the first problem of its channels says why."""
    return SQL(
        """SELECT kase.case_id, COALESCE(min(recipient.problem), 'no_address'), NULL::date,
                  string_agg(DISTINCT recipient.address, ', ')
             FROM collection_tmp_case kase
             LEFT JOIN collection_step step ON step.level_id = kase.level_id AND kase.channel IS NULL
             LEFT JOIN collection_tmp_recipient recipient
               ON recipient.case_id = kase.case_id AND recipient.channel = COALESCE(kase.channel, step.channel)
            WHERE NOT kase.is_restricted OR kase.only_contact_id IS NOT NULL
            GROUP BY kase.case_id
           HAVING bool_and(recipient.problem IS NOT NULL OR recipient.case_id IS NULL)"""
    )


def dropped(company, date):
    """A person dropped the customer from a preview: for one cycle, until a day, or for good."""
    return SQL(
        """SELECT kase.case_id, 'dropped', dropping.until_date, COALESCE(partner.name, '')
             FROM collection_tmp_case kase
             JOIN LATERAL (
                 SELECT line.until_date, line.dropped_by_id
                   FROM collection_cycle_line line JOIN collection_cycle cycle ON cycle.id = line.cycle_id
                  WHERE line.case_id = kase.case_id AND line.decision = 'dropped' AND line.dropped_by_id IS NOT NULL
                    AND cycle.company_id = %(company)s
                    AND cycle.state != 'cancelled'
                    AND (line.until_date >= %(date)s OR line.drops_for_good
                         OR (line.until_date IS NULL AND cycle.date = %(date)s))
                  ORDER BY line.id DESC LIMIT 1) dropping ON TRUE
             LEFT JOIN res_users person ON person.id = dropping.dropped_by_id
             LEFT JOIN res_partner partner ON partner.id = person.partner_id""",
        company=company.id,
        date=date,
    )
