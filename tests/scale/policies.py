"""What contact rules cost a cycle: customers of twelve countries, rules for all of them and stricter ones for some."""

from odoo import Command

COUNTRIES = ("de", "fr", "uk", "us", "pt", "in", "au", "jp", "br", "ca", "pl", "se")
# A number of a town in each country, for every second customer.
PHONES = ("+493012345678", "+33142685300", "+442079460018", "+12125552368", "+351211234567", "+911123456789", "+61291234567")


def spread(env):
    """Give the customers one of twelve countries each, in turns, and every second one a telephone number. Return how many."""
    ids = [env.ref(f"base.{code}").id for code in COUNTRIES]
    env.cr.execute(
        """UPDATE res_partner
              SET country_id = (%(ids)s::int[])[1 + id %% %(count)s],
                  phone = CASE WHEN id %% 2 = 0 THEN (%(phones)s::text[])[1 + id %% 7] END
            WHERE id IN (SELECT partner_id FROM account_move WHERE move_type = 'out_invoice')""",
        {"ids": ids, "count": len(ids), "phones": list(PHONES)},
    )
    count = env.cr.rowcount
    env.cr.commit()
    return count


def make(env):
    """Make one set of rules for everybody, and one for each of six countries. Return how many."""
    common = {"company_id": env.company.id}
    every = {"hour_from": 8, "hour_to": 20, "saturday": True}
    made = env["collection.policy"].create(
        [
            {**common, "name": "Everybody", "hours_ids": [Command.create(every)]},
            *(
                {
                    **common,
                    "name": code,
                    "country_ids": [Command.set(env.ref(f"base.{code}").ids)],
                    "hours_ids": [Command.create({"hour_from": 9, "hour_to": 18 + number % 3})],
                }
                for number, code in enumerate(COUNTRIES[::2])
            ),
        ]
    )
    env.cr.commit()
    return len(made)
