"""Wish: what a person asks for outside of the cycle. `select` and `withhold` take it into account."""

from typing import NamedTuple

# Reasons that a person may set aside, giving a reason of their own. Every other one stands.
SOFT = ("gap", "below_minimum", "deadline")
# What is outside of the levels, and goes by e-mail.
WITHOUT_LEVEL = ("message", "instalment")


class Wish(NamedTuple):
    """What is looked for. The default is what a cycle does by itself.

    >>> Wish().by_person, Wish("again").by_person
    (False, True)
    >>> Wish("next", ignored=("gap",)).ignores("gap")
    True
    """

    # "next": the level that is reached; "again": the last level once more; "message": a text outside of the levels;
    # "instalment": a reminder of the missed instalments of a payment plan, and of nothing else.
    kind: str = ""
    # Whether a "message" is also the step to the next level of the items that reach one.
    advances: bool = True
    # The soft reasons that the person sets aside.
    ignored: tuple[str, ...] = ()

    @property
    def by_person(self):
        """Whether somebody asks for it; a cycle asks for nothing of its own."""
        return bool(self.kind)

    def ignores(self, code):
        """Whether the person sets the soft reason ``code`` aside."""
        return code in self.ignored


CYCLE = Wish()
