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
    # The ids of the items that a "message" is about; None for all that is overdue.
    items: tuple[int, ...] | None = None
    # Whether the cycle asks for it by itself, outside of the levels.
    by_itself: bool = False
    # The model of the answers that a "message" is about, '' for one about anything else.
    about: str = ""
    # Whether the items that a "message" is about count as due, whatever their due date.
    makes_due: bool = False

    @property
    def by_person(self):
        """Whether somebody asks for it; a cycle asks for nothing of its own."""
        return bool(self.kind)

    @property
    def by_hand(self):
        """Whether a person sends it.

        >>> Wish("message").by_hand, Wish("message", by_itself=True).by_hand, Wish("instalment").by_hand, Wish().by_hand
        (True, False, False, False)
        """
        return self.by_person and not self.by_itself and self.kind != "instalment"

    def ignores(self, code):
        """Whether the person sets the soft reason ``code`` aside."""
        return code in self.ignored


CYCLE = Wish()
