"""What customers read is there in every language, and no translation lost a placeholder."""

import ast
import doctest
import sys
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CLONE / "i18n"))

import check_translations  # noqa: E402


@pytest.mark.parametrize("module", check_translations.modules(), ids=lambda module: module.name)
def test_translations_are_complete_for_customers_and_sound(module):
    assert list(check_translations.complaints(module)) == []


def test_what_the_buckets_of_a_statement_are_called_counts_as_read_by_customers():
    module = CLONE / "account_collections_auto"
    words = {
        node.value
        for name in check_translations.CUSTOMER_FILES
        for node in ast.walk(ast.parse((module / name).read_text()))
        if isinstance(node, ast.Constant)
    }
    assert {"Not due", "1 to 30 days", "31 to 60 days", "61 to 90 days", "More than 90 days"} <= words


@pytest.mark.parametrize("language", check_translations.LANGUAGES)
def test_each_language_has_its_words(language):
    """One English word once, each with its translation."""
    lines = (CLONE / "i18n/glossary" / f"{language}.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert rows[0] == ["term", "translation"]
    assert [row for row in rows if len(row) != 2 or not all(row)] == []
    assert len({row[0] for row in rows}) == len(rows)


def test_examples_hold():
    assert doctest.testmod(check_translations).failed == 0
