"""Not more than so many attempts in a while. Pure: the clock is given. Kept in memory, so that looking writes nothing."""

import time
from collections import OrderedDict

_KEPT = 10000


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
