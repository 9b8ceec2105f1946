"""Words and phrases in a text, as people write them in rules: no regular expressions. Pure.

A phrase is a row of words. ``a|b`` is one or the other, ``too_high`` words that belong together in such a choice,
``pay*`` any ending, ``...`` up to five words in between (numbers do not count), and a long word may have one wrong letter.
Case, accents and umlauts do not count either: ``überwiesen`` is ``ueberwiesen``.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

TOKEN_LIMIT = 2_000
GAP = 5
LONG_WORD = 8

_WORD = re.compile(r"[^\W_]+(?:['’]t\b)?")
_ABBREVIATIONS = frozenset(
    "nr no rg inv re z b bzw ca art str mr mrs dr st tel fact ref sig spett vs m p sr sra ud uds d h fra ft fatt n num ggf "
    "evtl dhr mevr co ltd bv gmbh approx incl excl inkl env ing eg ie resp v u a".split()
)
# What follows one of these is another matter: "not received, but paid".
_TURNS = frozenset("but however aber jedoch allerdings mais cependant maar echter pero ma pero".split())


class Token(NamedTuple):
    word: str
    start: int
    end: int
    sentence: int


@lru_cache(maxsize=20_000)
def normalise(word):
    """Return a word without case, accents and umlauts.

    >>> normalise("Überwiesen"), normalise("ueberwiesen"), normalise("payé"), normalise("Straße"), normalise("don't")
    ('uberwiesen', 'uberwiesen', 'paye', 'strasse', 'dont')
    """
    plain = unicodedata.normalize("NFKD", word.casefold().replace("'", "").replace("’", ""))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return plain.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def tokens(text):
    """Return the words of ``text`` with where they stand, and in which sentence.

    >>> [(token.word, token.sentence) for token in tokens("Rg. Nr. 12 paid. Thanks!")]
    [('rg', 0), ('nr', 0), ('12', 0), ('paid', 0), ('thanks', 1)]
    """
    found, sentence, last = [], 0, None
    for match in _WORD.finditer(text):
        word = normalise(match.group()[:100])
        if last is not None and (_ends(text, last, match.start()) or word in _TURNS):
            sentence += 1
        last = Token(word, match.start(), match.end(), sentence)
        found.append(last)
        if len(found) == TOKEN_LIMIT:
            break
    return found


def _ends(text, last, start):
    between = text[last.end : start]
    if re.search(r"\n\s*(\n|[-*•])", between) or re.search(r"[!?;]", between):
        return True
    ends = between.startswith(".") and len(between) > 1
    return ends and not last.word.isdigit() and last.word not in _ABBREVIATIONS


class Vocabulary:
    """Where the words of a text stand; asked word by word, so that many phrases cost little."""

    def __init__(self, text):
        self.tokens = tokens(text)
        self._places = {}
        for number, token in enumerate(self.tokens):
            self._places.setdefault(token.word, []).append(number)
        self._asked = {}

    def places(self, pattern):
        """Return {first token: last tokens} of where ``pattern``, one step of a phrase, stands."""
        if pattern not in self._asked:
            found = {}
            for choice in pattern.split("|"):
                first, *others = choice.split("_")
                for place in self._places_of(first):
                    if last := self._row(place, others):
                        found.setdefault(place, set()).add(last)
            self._asked[pattern] = found
        return self._asked[pattern]

    def _row(self, place, words):
        """Return one more than the last token when ``words`` follow the token ``place`` one by one, else 0."""
        for word in words:
            place += 1
            if place >= len(self.tokens) or not _fits(word, self.tokens[place].word):
                return 0
        return place + 1

    def _places_of(self, pattern):
        if pattern == "*":
            return range(len(self.tokens))
        if "*" not in pattern and len(pattern) < LONG_WORD:
            return self._places.get(pattern, ())
        fits = [word for word in self._places if _fits(pattern, word)]
        return [number for word in fits for number in self._places[word]]

    def find(self, phrase):
        """Return the (first, last) token numbers of each place where ``phrase`` stands, within one sentence.

        >>> Vocabulary("We have, by the way, paid it.").find("have ... paid|settled")
        [(1, 5)]
        >>> Vocabulary("We have. Paid it.").find("have ... paid")
        []
        """
        steps = _steps(phrase)
        if not steps:
            return []
        (pattern, _gap), *others = steps
        found = []
        for first, ends in sorted(self.places(pattern).items()):
            last = self._follow(self.tokens[first].sentence, ends, others)
            if last is not None:
                found.append((first, last))
        return found

    def _follow(self, sentence, ends, steps):
        """Return the token with which ``steps`` end that come after one of ``ends``, in the same sentence; None without any."""
        for pattern, gap in steps:
            places = self.places(pattern)
            ends = {last for end in ends for place in self._reach(end, gap, sentence) for last in places.get(place, ())}
            if not ends:
                return None
        last = min(ends) - 1
        return last if self.tokens[last].sentence == sentence else None

    def _reach(self, end, gap, sentence):
        """Yield the tokens from ``end`` on with at most ``gap`` words before them; numbers do not count."""
        words = 0
        for place in range(end, min(end + 2 * gap + 1, len(self.tokens))):
            if words > gap or self.tokens[place].sentence != sentence:
                return
            yield place
            words += not self.tokens[place].word.isdigit()


@lru_cache(maxsize=10_000)
def _steps(phrase):
    """Return ((pattern, words that may come before it), ...) of a phrase.

    >>> _steps("Have ... paid|settled it")
    (('have', 0), ('paid|settled', 5), ('it', 0))
    """
    steps, gap = [], 0
    for part in phrase.split()[:30]:
        if part.strip(".…") == "":
            gap = GAP
            continue
        choices = ["_".join(filter(None, map(_pattern, choice.split("_")))) for choice in part.split("|")]
        pattern = "|".join(filter(None, choices))
        if pattern:
            steps.append((pattern, gap))
        gap = 0
    return tuple(steps)


def _pattern(word):
    """Keep letters, digits and a star at either end."""
    core = "".join(_WORD.findall(word))
    if not core:
        return "*" if "*" in word else ""
    return ("*" if word.startswith("*") else "") + normalise(core) + ("*" if word.endswith("*") else "")


def _fits(pattern, word):
    """Tell whether ``word`` is what ``pattern`` stands for.

    >>> _fits("pay*", "payment"), _fits("transferred", "transfered"), _fits("received", "deceived"), _fits("paid", "said")
    (True, True, False, False)
    """
    if pattern.startswith("*") and pattern.endswith("*"):
        return pattern.strip("*") in word
    if pattern.endswith("*"):
        return word.startswith(pattern[:-1])
    if pattern.startswith("*"):
        return word.endswith(pattern[1:])
    return word == pattern or len(pattern) >= LONG_WORD and word[:1] == pattern[:1] and _one_letter_off(pattern, word)


def _one_letter_off(one, other):
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    same = next((number for number, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[same + (len(short) == len(long)) :] == long[same + 1 :]
