"""Not more than so many attempts in a while. Pure: the clock is given. Kept in memory, so that looking writes nothing."""

import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

_KEPT = 10000


def who_asks(address: str | None) -> str:
    """Return what attempts from ``address`` are counted for: of IPv6 the network, in which anybody has addresses without end.

    >>> who_asks("203.0.113.77"), who_asks("::ffff:203.0.113.77"), who_asks(None), who_asks("unix")
    ('203.0.113.77', '203.0.113.77', '', 'unix')
    >>> who_asks("2001:db8:1:2:3:4:5:6"), who_asks("2001:db8:1:2::1"), who_asks("fe80::1%eth0")
    ('2001:db8:1:2::/64', '2001:db8:1:2::/64', 'fe80::/64')
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if found.version == 4 or found.ipv4_mapped:
        return str(found if found.version == 4 else found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"


class Throttle:
    """Counts attempts by key; a key that had ``limit`` of them within ``seconds`` is full until they are over.

    >>> throttle = Throttle(limit=2, seconds=60)
    >>> [throttle.count_if_room("a", now=now) for now in (0, 1, 2, 61)], throttle.count_if_room("b", now=3)
    ([True, True, False, True], True)
    """

    def __init__(self, limit, seconds):
        self.limit = limit
        self.seconds = seconds
        self._kept = OrderedDict()

    def count_if_room(self, key, now=None):
        """Note an attempt of ``key`` if there is room for one, and return whether there was."""
        now = time.monotonic() if now is None else now
        since, attempts = self._kept.pop(key, (now, 0))
        if now - since >= self.seconds:
            since, attempts = now, 0
        is_room = attempts < self.limit
        self._kept[key] = (since, attempts + is_room)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return is_room

    def clear(self):
        """Forget all attempts."""
        self._kept.clear()
