"""Where the pages of a printed document end, so that no row is cut and each page repeats its headings. No Odoo here.

Old print engines cut a table wherever the paper ends. So the tables are split beforehand, by heights in CSS pixels.
"""

import textwrap
import unicodedata
from typing import NamedTuple


class Chunk(NamedTuple):
    """The rows of a table that stand on one page."""

    rows: list
    is_first: bool
    is_last: bool
    on_new_page: bool


class Pages:
    """Fills pages from top to bottom; ``used``: what stands on the first page already."""

    def __init__(self, room: float, used: float = 0.0):
        self.room, self.used = room, used

    def place(self, height: float) -> bool:
        """Put a block that stays together; return whether it starts a new page.

        >>> pages = Pages(100, used=50)
        >>> pages.place(40), pages.place(40), pages.place(40)
        (False, True, False)
        """
        on_new_page = self.used + height > self.room
        self.used = height if on_new_page else self.used + height
        return on_new_page

    def split(self, rows: list, heights: list, before: float, heading: float, after: float) -> list[Chunk]:
        """Put a table: a title (``before``) on its first page, a ``heading`` on each, and ``after`` below its last row.

        >>> pages = Pages(100, used=50)
        >>> [(chunk.rows, chunk.on_new_page) for chunk in pages.split(list("abcdefgh"), [10] * 8, 10, 10, 10)]
        [(['a', 'b', 'c'], False), (['d', 'e', 'f', 'g', 'h'], True)]
        >>> [(chunk.rows, chunk.on_new_page) for chunk in pages.split(list("ab"), [10] * 2, 10, 10, 10)]
        [(['a', 'b'], True)]
        """
        beginning = sum(heights[:3]) + (after if len(rows) <= 3 else 0)
        on_new_page = self.place(before + heading + beginning)
        self.used -= beginning
        chunks, start = [], 0
        for number, height in enumerate(heights):
            height += after if number == len(rows) - 1 else 0
            if self.used + height > self.room and number > start:
                chunks.append(Chunk(rows[start:number], not chunks, False, on_new_page))
                start, on_new_page, self.used = number, True, heading
            self.used += height
        chunks.append(Chunk(rows[start:], not chunks, True, on_new_page))
        return chunks


def in_lines(text: str, letters: int, most: int = 2) -> list[str]:
    """Return ``text`` in at most ``most`` lines of about ``letters`` letters; signs of East Asia are as wide as two.

    >>> in_lines("PO 7 for the new harbour gate", 12), in_lines("INV/1", 12), in_lines("", 12)
    (['PO 7 for the', 'new harbour…'], ['INV/1'], [''])
    >>> in_lines("請求書の番号", 6)
    ['請求書', 'の番号']
    """
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    letters = letters // 2 if 2 * wide > len(text) else letters
    return textwrap.wrap(text, max(letters, 3), max_lines=most, placeholder="…") or [""]
