"""wkhtmltopdf: the machine's, else Debian's package unpacked with the libraries it lacks."""

from .say import Problem, say
from .unpacked_program import unpacked_program


def folder():
    """The folder to put on PATH, None when it is there already or cannot be had."""
    try:
        return unpacked_program("wkhtmltopdf", {"QT_QPA_PLATFORM": "offscreen"})
    except Problem as problem:
        say(f"no wkhtmltopdf, mails go without PDF: {problem}")
        return None
