"""Who works for whom, and who gets what. Pure functions; no Odoo here."""

import heapq
from collections.abc import Iterable, Mapping


def stand_in(user: int, absent: Mapping[int, int | None], leaders: Mapping[int, int]) -> int:
    """Return who answers for ``user``: the first one there of the stand-in, the team's leader, and those who stand in for them.

    ``absent``: {who is away: the named stand-in, if any}. When nobody of them is there, ``user``: nothing is nobody's.

    >>> stand_in(1, {}, {}), stand_in(1, {1: 2}, {}), stand_in(1, {1: None}, {1: 9}), stand_in(1, {1: None}, {})
    (1, 2, 9, 1)
    >>> stand_in(1, {1: 2, 2: 1}, {1: 9, 2: 9}), stand_in(1, {1: 2, 2: 1}, {})
    (9, 1)
    """
    who, asked = user, set()
    while who in absent:
        asked.add(who)
        who = next((other for other in (absent[who], leaders.get(who)) if other and other not in asked), None)
    return who or user


def share_out(things: Iterable, members: Iterable[int], load: Mapping[int, int]) -> dict[int, list]:
    """Return {member: things}: each thing goes to the member with the least to do by then; ``load`` is what they have.

    >>> share_out("abcd", [1, 2], {1: 2})
    {2: ['a', 'b', 'd'], 1: ['c']}
    >>> share_out("ab", [], {})
    {}
    """
    queue = [(load.get(member, 0), place, member) for place, member in enumerate(members)]
    heapq.heapify(queue)
    shares: dict[int, list] = {}
    for thing in things if queue else ():
        count, place, member = queue[0]
        shares.setdefault(member, []).append(thing)
        heapq.heapreplace(queue, (count + 1, place, member))
    return shares
