"""Days in a text, as six languages name them, seen from the day of the mail. Pure."""

import re
from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from .reply_words import Vocabulary, normalise


def _table(*names):
    """Return {word: number} of rows of names, one row for each number from 1."""
    return {normalise(name): number for number, row in enumerate(names, 1) for name in row.split()}


_MONTHS = _table(
    "january januar janvier januari enero gennaio jan jän jänner gen ene janv",
    "february februar février februari febrero febbraio feb febr fév févr",
    "march märz mars maart marzo mar mrz mrt mär",
    "april avril abril aprile apr avr abr",
    "may mai mei mayo maggio mag",
    "june juni juin junio giugno jun giu",
    "july juli juillet julio luglio jul juil lug",
    "august août augustus agosto aug ago",
    "september septembre septiembre settembre sep sept set",
    "october oktober octobre octubre ottobre oct okt ott",
    "november novembre noviembre nov",
    "december dezember décembre diciembre dicembre dec dez déc dic",
)
_WEEKDAYS = _table(
    "monday montag lundi maandag lunes lunedì",
    "tuesday dienstag mardi dinsdag martes martedì",
    "wednesday mittwoch mercredi woensdag miércoles mercoledì",
    "thursday donnerstag jeudi donderdag jueves giovedì",
    "friday freitag vendredi vrijdag viernes venerdì",
    "saturday samstag sonnabend samedi zaterdag sábado sabato",
    "sunday sonntag dimanche zondag domingo domenica",
)
_NUMBERS = _table(
    "one a ein eine einer einem un une een uno una",
    "two zwei deux twee dos due",
    "three drei trois drie tres tre",
    "four vier quatre cuatro quattro",
    "five fünf cinq vijf cinco cinque",
    "six sechs zes seis sei",
    "seven sieben sept zeven siete sette",
    "eight acht huit ocho otto",
    "nine neun neuf negen nueve nove",
    "ten zehn dix tien diez dieci",
)
_DAYS = frozenset(map(normalise, "day days tag tage tagen jour jours dag dagen día días giorno giorni".split()))
_WEEKS = frozenset(map(normalise, "week weeks woche wochen semaine semaines weken semana semanas settimana settimane".split()))
_IN = frozenset(map(normalise, "in within innerhalb binnen dans sous over en dentro entro tra fra nach next nächsten".split()))
_AGO = frozenset(map(normalise, "ago geleden fa vor hace ya".split()))
_OF = frozenset(map(normalise, "of de di du the den der des".split()))
# Before a day and month without a year: else "10.12" is a price.
_ON = frozenset(
    map(
        normalise,
        "on by until till before am vom bis zum den ab seit le au du avant dès op per tot voor vanaf uiterlijk el al antes il "
        "entro dal fino del hasta desde from since".split(),
    )
)
_ISO_WEEK = frozenset(map(normalise, "kw week semaine semana settimana wk".split()))

_TODAY = ("today", "heute", "aujourd hui", "vandaag", "hoy", "oggi")
_TOMORROW = ("tomorrow", "morgen", "demain", "mañana", "domani")
_YESTERDAY = ("yesterday", "gestern", "hier", "gisteren", "ayer", "ieri")
_NO_TOMORROW = (
    "guten|goede morgen",
    "heute morgen",
    "por|de|esta la mañana",
    "por|de la mañana",
    "esta mañana",
    "avant|d hier",
)
_NEXT_WEEK = (
    *(
        "next|coming week",
        "nächste*|kommende*|folgende* woche",
        "la semaine prochaine",
        "semaine prochaine",
        "volgende|komende week",
    ),
    *("la próxima semana", "próxima semana", "semana próxima", "la semana que viene", "semana que viene", "settimana prossima"),
    *("prossima settimana", "settimana entrante"),
)
_THIS_WEEK = (
    *("this week", "diese*|laufende* woche", "cette semaine", "deze week", "esta semana", "questa settimana"),
    *("end of the week", "end of week", "week s end", "ende der woche", "wochenende", "fin de semaine", "fin de la semaine"),
    *("eind van de week", "einde van de week", "eind deze week", "finales de semana", "final de semana", "fin de semana"),
    *("fine settimana",),
)
_LAST_WEEK = (
    *(
        "last|previous week",
        "letzte*|vergangene*|vorige* woche",
        "la semaine dernière",
        "semaine dernière",
        "vorige|afgelopen week",
    ),
    *("la semana pasada", "semana pasada", "settimana scorsa", "scorsa settimana"),
)
_END_OF_MONTH = (
    *(
        "end of the|this|current month",
        "end of month",
        "month end",
        "month s end",
        "ende des|dieses monats",
        "ende monat",
        "monatsende",
    ),
    *("ende des laufenden monats", "fin du|de mois", "fin de ce mois", "eind|einde van de|deze maand", "eind|einde deze maand"),
    *(
        "eind|einde maand",
        "fin|final|finales de|del mes",
        "a fin de mes",
        "fine mese",
        "fine del|di mese",
        "fine di questo mese",
    ),
    *("la fin du mois",),
)
_NEXT_MONTH = (
    *("next month", "nächste*|kommende* monat*", "le mois prochain", "mois prochain", "volgende|komende maand", "próximo mes"),
    *("mes próximo", "mes que viene", "mese prossimo", "prossimo mese"),
)
_END = frozenset(map(normalise, "end ende fin eind einde finales final fine".split()))
_MIDDLE = frozenset(map(normalise, "mid middle mitte mi half midden mediados metà".split()))
_BEGINNING = frozenset(map(normalise, "early beginning anfang début debut begin principios inizio".split()))


class Day(NamedTuple):
    """A day named in a text; without a year or with "Friday" it may lie before or after the mail."""

    earlier: date
    later: date
    start: int
    end: int
    sentence: int


def find_days(text, today, month_first=False):
    """Return the days named in ``text``, in their order; ``today``: the day of the mail.

    ``month_first``: whether 3/4/2026 is the 4th of March.

    >>> monday = date(2026, 3, 9)
    >>> def later(text): return [str(day.later) for day in find_days(text, monday)]
    >>> later("Zahlung bis 20.03.2026, Rest am 2. April, dann 3.5.")
    ['2026-03-20', '2026-04-02', '2026-05-03']
    >>> later("by Friday; end of the month; fin avril; la semaine prochaine; Freitag nächster Woche")
    ['2026-03-13', '2026-03-31', '2026-04-30', '2026-03-20', '2026-03-20']
    >>> later("next Wednesday, 18/03")
    ['2026-03-18']
    >>> later("within 10 days, binnen twee weken, KW 15, mañana, March 30th")
    ['2026-03-19', '2026-03-23', '2026-04-10', '2026-03-10', '2026-03-30']
    >>> [str(day.earlier) for day in find_days("paid on 3 March, yesterday, last Friday, vor drei Tagen", monday)]
    ['2026-03-03', '2026-03-08', '2026-03-06', '2026-03-06']
    """
    vocabulary = Vocabulary(text)
    found = [
        *_numeric(text, vocabulary, today, month_first),
        *_named(text, vocabulary.tokens, today),
        *_relative(vocabulary, today),
        *_counted(vocabulary.tokens, today),
        *_weekdays(vocabulary, today),
    ]
    # The longer name wins over one that is a part of it, "Friday next week"; and the date over its weekday, "Friday, 13 March".
    found.sort(key=lambda day: (day.start - day.end, day.start))
    kept = []
    for day in found:
        if not any(day.start < other.end and other.start < day.end for other in kept):
            kept.append(day)
    kept.sort(key=lambda day: day.start)
    weekdays = [day for day, following in pairwise(kept) if _is_its_weekday(text, day, following)]
    return [day for day in kept if day not in weekdays]


def _is_its_weekday(text, day, following):
    """Tell whether ``day`` is only the weekday in front of a date."""
    is_weekday = normalise(text[day.start : day.end]) in _WEEKDAYS
    between = text[day.end : following.start].strip(" ,.(")
    return is_weekday and len(between) <= 4 and any(char.isdigit() for char in text[following.start : following.end])


def _make(year, month, day):
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _of_year(month, day, today, year=None):
    """Return (the last such day before or on ``today``, the next one on or after it); the same with a year."""
    if year is not None:
        known = _make(year + 2000 if year < 100 else year, month, day)
        return (known, known) if known and abs(known.year - today.year) <= 5 else None
    around = [_make(today.year + offset, month, day) for offset in (-4, -3, -2, -1, 0, 1, 2, 3, 4)]
    around = [each for each in around if each]
    if not around:
        return None
    return max((each for each in around if each <= today), default=None), min(each for each in around if each >= today)


def _numeric(text, vocabulary, today, month_first):
    sentences = {token.start: token for token in vocabulary.tokens}
    before = {
        token.start: (vocabulary.tokens[number - 1] if number else None) for number, token in enumerate(vocabulary.tokens)
    }
    for match in re.finditer(r"(?<![\d.,/-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\d/-])", text):
        yield from _day(match, _of_year(int(match[2]), int(match[3]), today, int(match[1])), sentences)
    for match in re.finditer(r"(?<![\d.,/-])(\d{1,2})([./-])[ ]?(\d{1,2})\2[ ]?(\d{4}|\d{2})(?![\d/-])", text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        day, month = (second, first) if (month_first and match[2] == "/" and first <= 12) or second > 12 else (first, second)
        yield from _day(match, _of_year(month, day, today, year), sentences)
    for match in re.finditer(r"(?<![\d.,/-])(\d{1,2})([./-])[ ]?(\d{1,2})(\.?)(?![\d/-]|\.\d)", text):
        previous = before.get(match.start())
        announced = previous is not None and (previous.word in _ON or previous.word in _WEEKDAYS)
        if announced or (match[2] == "." and match[4]):
            first, second = int(match[1]), int(match[3])
            day, month = (second, first) if (month_first and match[2] == "/") or second > 12 else (first, second)
            yield from _day(match, _of_year(month, day, today), sentences)


def _day(match, found, sentences):
    token = sentences.get(match.start())
    if found and token:
        yield Day(*found, match.start(), match.end(), token.sentence)


def _number(word):
    match = re.fullmatch(r"(\d{1,2})(st|nd|rd|th|er|e|o|a)?", word)
    return int(match[1]) if match else None


def _named(text, tokens, today):
    """The 3rd of March 2026, 3. März, March 3; and the end, middle or beginning of a month."""
    for number, token in enumerate(tokens):
        month = _MONTHS.get(token.word)
        if not month:
            continue
        back = _skip(tokens, number - 1, -1)
        day = _number(tokens[back].word) if back >= 0 else None
        first, last = (back if day else number), number
        if not day and number + 1 < len(tokens) and _is_written_after(text, token, tokens[number + 1]):
            day, last = _number(tokens[number + 1].word), number + 1
        after, year = _skip(tokens, last + 1, 1), None
        if after < len(tokens) and re.fullmatch(r"20\d\d", tokens[after].word):
            year, last = int(tokens[after].word), after
        found = _of_year(month, day, today, year) if day else None
        if not day and back >= 0 and len(token.word) >= 3:
            found = _part_of_month(tokens[back].word, month, today, year)
            first = back
        if found:
            yield Day(*found, tokens[first].start, tokens[last].end, token.sentence)


def _skip(tokens, place, step):
    """Return the place of the next word from ``place`` on that is not a mere "of" or "de"; at most two are skipped."""
    for _word in range(2 if step < 0 else 1):
        if 0 <= place < len(tokens) and tokens[place].word in _OF:
            place += step
    return place


def _is_written_after(text, month, following):
    """March 3, not "mars 2026" nor "in March. 3 invoices"."""
    is_close = text[month.end : following.start] in (" ", ". ")
    return bool(is_close and _number(following.word) and len(month.word) >= 3 and month.word != "mai")


def _part_of_month(word, month, today, year):
    if word in _END:
        years = [year] if year else [today.year - 1, today.year, today.year + 1]
        ends = [date(each, month, monthrange(each, month)[1]) for each in years]
        return max((each for each in ends if each <= today), default=ends[0]), min(
            (each for each in ends if each >= today), default=ends[-1]
        )
    if word in _MIDDLE:
        return _of_year(month, 15, today, year)
    if word in _BEGINNING:
        return _of_year(month, 5, today, year)
    return None


def _week(today, weeks, weekday=5):
    """Return a weekday (1 is Monday) of the week that lies ``weeks`` after this one."""
    return today - timedelta(days=today.weekday()) + timedelta(weeks=weeks, days=weekday - 1)


def _relative(vocabulary, today):
    this_month = today.replace(day=monthrange(today.year, today.month)[1])
    next_month = this_month + timedelta(days=1)
    next_month = next_month.replace(day=monthrange(next_month.year, next_month.month)[1])
    not_tomorrow = {place for phrase in _NO_TOMORROW for first, last in vocabulary.find(phrase) for place in (first, last)}
    weekend = _week(today, 0)
    table = (
        (_TODAY, today),
        (_TOMORROW, today + timedelta(days=1)),
        (_YESTERDAY, today - timedelta(days=1)),
        (_NEXT_WEEK, _week(today, 1)),
        (_THIS_WEEK, weekend if weekend >= today else today),
        (_LAST_WEEK, _week(today, -1)),
        (_END_OF_MONTH, this_month),
        (_NEXT_MONTH, next_month),
    )
    for phrases, day in table:
        for phrase in phrases:
            for first, last in vocabulary.find(phrase):
                if first == last and last in not_tomorrow:
                    continue
                start, end = vocabulary.tokens[first], vocabulary.tokens[last]
                yield Day(day, day, start.start, end.end, start.sentence)


def _counted(tokens, today):
    """In ten days, within two weeks, three days ago, week 15."""
    for number, token in enumerate(tokens):
        previous = tokens[number - 1].word if number else ""
        count = _NUMBERS.get(previous) or (int(previous) if re.fullmatch(r"\d{1,3}", previous) else None)
        if token.word in _DAYS | _WEEKS and count:
            days = count * (7 if token.word in _WEEKS else 1)
            around = [each.word for each in tokens[max(number - 4, 0) : number - 1]]
            following = tokens[number + 1].word if number + 1 < len(tokens) else ""
            first = next((place for place in range(max(number - 4, 0), number) if tokens[place].word in _IN | _AGO), None)
            if following in _AGO or _AGO & set(around):
                day = today - timedelta(days=days)
            elif _IN & set(around):
                day = today + timedelta(days=days)
            else:
                continue
            start = tokens[first if first is not None else number - 1].start
            yield Day(day, day, start, token.end, token.sentence)
        elif token.word in _ISO_WEEK and number + 1 < len(tokens) and re.fullmatch(r"\d{1,2}", tokens[number + 1].word):
            week = int(tokens[number + 1].word)
            if 1 <= week <= 52:
                year = today.year + (week < today.isocalendar().week - 26)
                day = date.fromisocalendar(year, week, 5)
                yield Day(day, day, token.start, tokens[number + 1].end, token.sentence)


def _weekdays(vocabulary, today):
    tokens = vocabulary.tokens
    next_week = [spot for phrase in _NEXT_WEEK for spot in vocabulary.find(phrase)]
    for number, token in enumerate(tokens):
        weekday = _WEEKDAYS.get(token.word)
        if not weekday:
            continue
        days = (weekday - 1 - today.weekday()) % 7
        later = today + timedelta(days=days or 7)
        earlier = later - timedelta(days=7 if days else 14)
        near = [spot for spot in next_week if 0 < spot[0] - number <= 3 and tokens[spot[0]].sentence == token.sentence]
        end = token.end
        if near:
            later = _week(today, 1, weekday)
            end = tokens[near[0][1]].end
        yield Day(earlier, later, token.start, end, token.sentence)
