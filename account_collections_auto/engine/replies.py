"""Sorts the answers that come back by mail: which rule's words were seen, and which day and amount go with them. Pure.

Nothing here decides anything: a person reads the answer and sees the words.
"""

import re
from datetime import date, timedelta
from typing import NamedTuple

from .reply_amounts import find_amounts
from .reply_dates import find_days
from .reply_words import Vocabulary, tokens

# With fewer points than this nothing is suggested: a weak word needs a second one.
ENOUGH = 2
# With as many points as another: what a person has to look at first.
URGENCY = ("dispute", "missing", "contact", "copies", "run", "promise", "paid", "absent")
LOOKS_BACK = timedelta(days=400)
LOOKS_AHEAD = timedelta(days=366)

# Shorter numbers of documents are in too many texts.
SHORTEST_NUMBER = 4
YEAR = re.compile(r"(19|20)\d\d")

_STOPWORDS = {
    "en": "the and you your we our have has is are was this that with for not please will be of to it from i",
    "de": "der die das und sie ihre ihr wir unsere haben hat ist sind war diese mit für nicht bitte wird werden den ich auf",
    "fr": "le la les et vous votre nous notre avons est sont été cette avec pour pas merci sera des du une je que ce",
    "nl": "de het en u uw wij we onze hebben heeft is zijn deze met voor niet graag wordt worden van een ik dat op",
    "es": "el la los y su usted nosotros nuestra hemos ha es son esta con para no por favor será del una que se en le",
    "it": "il la gli e vostra voi nostra abbiamo ha è sono questa con per non prego sarà del della una che si vi di",
}
_STOPWORDS = {lang: {token.word for token in Vocabulary(words).tokens} for lang, words in _STOPWORDS.items()}


class Rule(NamedTuple):
    """Words of one kind of answer in one language ('' for any); ``unless``: not when the same sentence says one of these."""

    type: str
    lang: str
    phrases: tuple
    unless: tuple = ()
    points: int = 2
    id: int = 0


class Seen(NamedTuple):
    """Words that a rule stands for, from ``start`` to ``end`` in the text."""

    type: str
    start: int
    end: int
    sentence: int
    points: int
    rule: int


class Answer(NamedTuple):
    """What an answer seems to say.

    ``also``: other kinds of answer with enough points, most first. ``automatic``: by its headers or subject a program wrote it.
    """

    type: str
    lang: str
    seen: tuple
    also: tuple
    day: date | None
    amount: float | None
    currency: str
    automatic: bool


def is_automatic(headers):
    """Tell whether a program sent the mail; ``headers``: {lower-case name: value}.

    >>> is_automatic({"auto-submitted": "auto-replied"}), is_automatic({"auto-submitted": "no"}), is_automatic({})
    (True, False, False)
    >>> is_automatic({"precedence": "auto_reply"}), is_automatic({"x-autoreply": "yes"})
    (True, True)
    """
    submitted = (headers.get("auto-submitted") or "no").strip().lower()
    precedence = (headers.get("precedence") or "").strip().lower()
    return (
        not submitted.startswith("no")
        or precedence in ("auto_reply", "auto-reply", "bulk", "junk")
        or any(name in headers for name in ("x-autoreply", "x-autorespond", "x-autoreply-from", "x-auto-reply"))
    )


def guess_language(text):
    """Return the language of ``text`` by its small words, '' when they do not tell.

    >>> guess_language("Wir haben die Rechnung bereits bezahlt."), guess_language("OK")
    ('de', '')
    """
    counts = {lang: 0 for lang in _STOPWORDS}
    for token in Vocabulary(text).tokens:
        for lang, words in _STOPWORDS.items():
            counts[lang] += token.word in words
    (first, most), (_second, next_most) = sorted(counts.items(), key=lambda pair: -pair[1])[:2]
    return first if most >= 2 and most > next_most else ""


def sort(text, rules, today, *, subject="", lang="", automatic=False, month_first=False):
    """Return what ``text``, the new words of a mail of the day ``today``, seems to say by ``rules``.

    ``lang``: the language of the customer, for when the text does not tell its own. The rules of other languages are asked
    only when those of its own see nothing.

    >>> rules = [Rule("paid", "en", ("have paid",), ("not",), 3), Rule("promise", "en", ("will pay",), (), 2)]
    >>> answer = sort("We have paid 100.00 EUR on 3 March.", rules, date(2026, 3, 9))
    >>> answer.type, str(answer.day), answer.amount, answer.currency
    ('paid', '2026-03-03', 100.0, 'EUR')
    >>> sort("We have not paid. We will pay by Friday.", rules, date(2026, 3, 9)).type
    'promise'
    >>> sort("Hello", rules, date(2026, 3, 9), automatic=True).type
    'absent'
    """
    language = guess_language(text) or lang
    vocabulary = Vocabulary(text)
    own = [rule for rule in rules if not rule.lang or not language or rule.lang == language]
    seen = _look(vocabulary, own)
    if not _ranked(seen, automatic):
        seen = _look(vocabulary, rules)
    absent = [rule for rule in rules if rule.type == "absent"]
    if any(_look(Vocabulary(subject), absent)):
        automatic = True
    ranked = _ranked(seen, automatic)
    kind = ranked[0] if ranked else "absent" if automatic else "other"
    days = find_days(text, today, month_first)
    shown = tuple(each for each in seen if each.type == kind) or ()
    amount = _nearest(find_amounts(text), shown)
    return Answer(
        type=kind,
        lang=language,
        seen=tuple(each for each in seen if each.type in ranked),
        also=tuple(ranked[1:]),
        day=_choose_day(kind, days, shown, today),
        amount=amount.value if amount else None,
        currency=amount.currency if amount else "",
        automatic=automatic,
    )


def named(text, numbers):
    """Return the keys of ``numbers``, {key: [numbers of the document]}, that ``text`` names: whole, or by a long last part.

    >>> numbers = {1: ["INV/2026/00012"], 2: ["INV/2026/00013", "PO-7788"], 3: ["INV/2026/00112"]}
    >>> named("Invoice inv-2026-00012 is paid, and so is PO 7788.", numbers), named("about 00112", numbers)
    ([1, 2], [3])
    >>> named("in 2026 we paid 12", numbers)
    []
    """
    words = [token.word for token in tokens(text)]
    known, joined = set(words), f" {' '.join(words)} "
    found = []
    for key, names in numbers.items():
        for name in names:
            parts = [token.word for token in tokens(name or "")]
            if not parts or len("".join(parts)) < SHORTEST_NUMBER:
                continue
            last = parts[-1]
            alone = last.isdigit() and len(last) >= SHORTEST_NUMBER and not YEAR.fullmatch(last) and last in known
            if alone or f" {' '.join(parts)} " in joined:
                found.append(key)
                break
    return found


def _look(vocabulary, rules):
    """Return what the rules see: of one kind of answer each word counts once, for the rule with the most points."""
    seen = []
    for rule in rules:
        places = [vocabulary.find(phrase) for phrase in rule.phrases]
        if not any(places):
            continue
        denied = {vocabulary.tokens[first].sentence for phrase in rule.unless for first, _last in vocabulary.find(phrase)}
        for spots in places:
            allowed = [spot for spot in spots if vocabulary.tokens[spot[0]].sentence not in denied]
            for first, last in allowed[:1]:  # said once or five times: it is said
                start, end = vocabulary.tokens[first], vocabulary.tokens[last]
                seen.append(Seen(rule.type, start.start, end.end, start.sentence, rule.points, rule.id))
    seen.sort(key=lambda each: (-each.points, each.start - each.end, each.start))
    kept = []
    for each in seen:
        if not any(other.type == each.type and each.start < other.end and other.start < each.end for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda each: each.start)


def _ranked(seen, automatic):
    """Return the kinds of answer with enough points, most points first."""
    points = {}
    for each in seen:
        points[each.type] = points.get(each.type, 0) + each.points
    enough = [kind for kind, sum_of_points in points.items() if sum_of_points >= ENOUGH]

    def rank(kind):
        first = automatic and kind == "absent"
        return -points[kind], not first, URGENCY.index(kind) if kind in URGENCY else len(URGENCY)

    return sorted(enough, key=rank)


def _nearest(found, shown):
    if not found or not shown:
        return found[0] if found else None
    return min(found, key=lambda each: min(abs(each.start - words.start) for words in shown))


def _choose_day(kind, days, shown, today):
    """Return the day that goes with this kind of answer: paid before the mail, promised and back after it."""
    if kind == "paid":
        fitting = [(day, day.earlier) for day in days if day.earlier and today - LOOKS_BACK <= day.earlier <= today]
    elif kind in ("promise", "run", "absent"):
        fitting = [(day, day.later) for day in days if day.later and today <= day.later <= today + LOOKS_AHEAD]
    else:
        return None
    if not fitting:
        return None
    if kind == "absent":
        return max(value for _day, value in fitting)
    sentences = {words.sentence for words in shown}
    near = [pair for pair in fitting if pair[0].sentence in sentences] or fitting
    if not shown:
        return near[0][1]
    return min(near, key=lambda pair: min(abs(pair[0].start - words.start) for words in shown))[1]
