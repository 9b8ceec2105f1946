"""How an amount is spread over items. Pure functions; no Odoo here."""

from collections.abc import Sequence


def oldest_first(amount: float, open_amounts: Sequence[float], digits: int = 2) -> list[float]:
    """Return how much of ``amount`` falls on each of ``open_amounts``: the first ones whole, the last one in part.

    >>> oldest_first(250.0, [100.0, 100.0, 100.0])
    [100.0, 100.0, 50.0]
    >>> oldest_first(500.0, [100.0, 0.1, 0.2]), oldest_first(0.0, [5.0])
    ([100.0, 0.1, 0.2], [0.0])
    """
    shares = []
    for open_amount in open_amounts:
        share = round(max(min(amount, open_amount), 0.0), digits)
        shares.append(share)
        amount = round(amount - share, digits)
    return shares
