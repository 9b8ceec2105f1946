"""Exchange rates as SQL, by the same rules as `res.currency._get_rates`."""

from odoo.tools import SQL


def rates_sql(company_id, date):
    """Return a SELECT of (currency_id, per_unit): how much of a currency one unit of the company's currency buys.

    ``company_id`` is a root company. As in Odoo: the last rate up to ``date``, else the first one after it, else 1.
    """
    return SQL(
        """WITH listed AS MATERIALIZED (
               SELECT currency.id, COALESCE(
                          (SELECT rate FROM res_currency_rate WHERE currency_id = currency.id AND name <= %(date)s
                              AND (company_id IS NULL OR company_id = %(company)s) ORDER BY company_id, name DESC LIMIT 1),
                          (SELECT rate FROM res_currency_rate WHERE currency_id = currency.id
                              AND (company_id IS NULL OR company_id = %(company)s) ORDER BY company_id, name LIMIT 1),
                          1.0) AS rate
                 FROM res_currency currency)
           SELECT listed.id AS currency_id, listed.rate / own.rate AS per_unit
             FROM listed, listed own
            WHERE own.id = (SELECT currency_id FROM res_company WHERE id = %(company)s)""",
        date=date,
        company=company_id,
    )
