"""Ready-made contact rules as a table: one row a set of rules, with its source, its force and how sure we are. No Odoo here.

Hours read ``mon-fri 08:00-20:00``, several parted by semicolons; a channel in front (``email mon-sun 00:00-24:00``) makes them
the hours of that channel only. Lists are parted by spaces, days are written 2026-06-13.
"""

import csv
import io
import re
from datetime import date
from typing import NamedTuple

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORCES = ("policy_default", "guideline", "regulator", "regulation", "statute")
CONFIDENCES = ("high", "medium", "low")
TYPES = ("consumer", "sole_trader", "business", "public_authority")
BINDS = ("any", "first_party", "third_party", "lender")
ZONES = ("all", "address")
_HOURS = re.compile(r"(?:([a-z_]+) )?([a-z]{3})(?:-([a-z]{3}))? (\d\d):([0-5]\d)-(\d\d):([0-5]\d)")
_ONE_OF = {"binds": BINDS, "force": FORCES, "zones": ZONES, "confidence": CONFIDENCES, "holidays": ("open", "closed")}


class PresetHours(NamedTuple):
    """Open from ``start`` to ``end`` (minutes of the local day) on ``days`` (Monday is 0), for ``channel``; empty: all."""

    days: tuple[int, ...]
    start: int
    end: int
    channel: str = ""


class Preset(NamedTuple):
    """One row of the table; the fields are its columns."""

    key: str
    name: str
    countries: tuple[str, ...]
    # As "US-CA".
    states: tuple[str, ...]
    types: tuple[str, ...]
    binds: str
    hours: tuple[PresetHours, ...]
    # What stands behind the hours, and behind nothing else.
    force: str
    zones: str
    holidays: str
    citation: str
    valid_from: date | None
    confidence: str
    checked_on: date | None
    note: str


class PresetError(ValueError):
    """``row``: the heading is 1; ``problem``: encoding, heading, empty, value, hours, date or twice."""

    def __init__(self, row: int, column: str, problem: str, value: str = ""):
        super().__init__(f"row {row}, column {column}: {problem} {value}".strip())
        self.row, self.column, self.problem, self.value = row, column, problem, value


def read_presets(content: bytes) -> dict[int, Preset]:
    """Return {number of the row: `Preset`} of a CSV file in UTF-8.

    `PresetError` names the first row and column that cannot be understood.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise PresetError(row, "", "encoding") from error
    lines = csv.reader(io.StringIO(text, newline=""))
    heading = next(lines, [])
    for column in Preset._fields:
        if column not in heading:
            raise PresetError(1, column, "heading")
    for column in heading:
        if column not in Preset._fields or heading.count(column) > 1:
            raise PresetError(1, column, "value", column)
    presets, keys = {}, set()
    for row, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(heading):
            raise PresetError(row, heading[min(len(cells), len(heading) - 1)], "heading")
        preset = _read_row(row, {column: cell.strip() for column, cell in zip(heading, cells, strict=True)})
        if preset.key in keys:
            raise PresetError(row, "key", "twice", preset.key)
        keys.add(preset.key)
        presets[row] = preset
    return presets


def write_presets(presets: list[Preset]) -> bytes:
    """Return the CSV file from which `read_presets` reads the same ``presets``."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(Preset._fields)
    for preset in presets:
        row = preset._asdict()
        row |= {column: " ".join(row[column]) for column in ("countries", "states", "types")}
        row |= {column: row[column].isoformat() if row[column] else "" for column in ("valid_from", "checked_on")}
        row["hours"] = format_hours(preset.hours)
        writer.writerow(row.values())
    return file.getvalue().encode()


def read_hours(text: str) -> tuple[PresetHours, ...]:
    """Return the hours that ``text`` says; ValueError for what it does not say clearly.

    >>> read_hours("mon-fri 08:00-20:00; sat 09:00-13:00")[1]
    PresetHours(days=(5,), start=540, end=780, channel='')
    >>> read_hours("email mon-sun 00:00-24:00")[0].channel
    'email'
    """
    return tuple(_read_span(span.strip()) for span in text.split(";") if span.strip())


def format_hours(hours: tuple[PresetHours, ...]) -> str:
    """Return the text from which `read_hours` reads ``hours``; days that do not follow each other become several spans.

    >>> format_hours((PresetHours((0, 1, 4), 480, 1440),))
    'mon-tue 08:00-24:00; fri 08:00-24:00'
    """
    return "; ".join(
        f"{each.channel + ' ' if each.channel else ''}{days} {_clock(each.start)}-{_clock(each.end)}"
        for each in hours
        for days in _format_days(each.days)
    )


def _read_row(row, cells):
    _check_row(row, cells)
    values = {**cells, **{column: tuple(cells[column].split()) for column in ("countries", "states", "types")}}
    try:
        values["hours"] = read_hours(cells["hours"])
    except ValueError as error:
        raise PresetError(row, "hours", "hours", str(error)) from error
    for column in ("valid_from", "checked_on"):
        try:
            values[column] = date.fromisoformat(cells[column]) if cells[column] else None
        except ValueError as error:
            raise PresetError(row, column, "date", cells[column]) from error
    return Preset(**values)


def _check_row(row, cells):
    for column in ("key", "name", *_ONE_OF, "types"):
        if not cells[column]:
            raise PresetError(row, column, "empty")
    for column, known in _ONE_OF.items():
        if cells[column] not in known:
            raise PresetError(row, column, "value", cells[column])
    patterns = {"countries": r"[A-Z]{2}", "states": r"[A-Z]{2}-[A-Z0-9]{1,4}", "types": "|".join(TYPES)}
    for column, pattern in patterns.items():
        for value in cells[column].split():
            if not re.fullmatch(pattern, value):
                raise PresetError(row, column, "value", value)


def _read_span(span):
    found = _HOURS.fullmatch(span)
    if not found:
        raise ValueError(span)
    channel, first, last, *clock = found.groups()
    last = last or first
    if first not in DAYS or last not in DAYS or DAYS.index(first) > DAYS.index(last):
        raise ValueError(span)
    hour_from, minute_from, hour_to, minute_to = map(int, clock)
    start, end = hour_from * 60 + minute_from, hour_to * 60 + minute_to
    if not 0 <= start < end <= 1440:
        raise ValueError(span)
    return PresetHours(tuple(range(DAYS.index(first), DAYS.index(last) + 1)), start, end, channel or "")


def _format_days(days):
    runs = []
    for day in sorted(days):
        if runs and runs[-1][1] == day - 1:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return [DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}" for first, last in runs]


def _clock(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"
