"""Not more than so many attempts in a while. Pure: the clock is given. Kept in memory, so that looking writes nothing."""

import time
from collections import OrderedDict

_KEPT = 10000


class Throttle:
    """Counts attempts by key; a key that had ``limit`` of them within ``seconds`` is full until they are over.

    >>> throttle = Throttle(limit=2, seconds=60)
    >>> throttle.count("a", now=0), throttle.is_full("a", now=1), throttle.count("a", now=2), throttle.is_full("a", now=3)
    (1, False, 2, True)
    >>> throttle.is_full("b", now=3), throttle.is_full("a", now=61)
    (False, False)
    """

    def __init__(self, limit, seconds):
        self.limit = limit
        self.seconds = seconds
        self._kept = OrderedDict()

    def count(self, key, now=None):
        """Note an attempt of ``key`` and return how many there were."""
        now = time.monotonic() if now is None else now
        since, attempts = self._kept.pop(key, (now, 0))
        if now - since >= self.seconds:
            since, attempts = now, 0
        self._kept[key] = (since, attempts + 1)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return attempts + 1

    def is_full(self, key, now=None):
        """Return whether ``key`` had all its attempts."""
        now = time.monotonic() if now is None else now
        since, attempts = self._kept.get(key, (now, 0))
        return attempts >= self.limit and now - since < self.seconds

    def clear(self):
        """Forget all attempts."""
        self._kept.clear()
