"""Bring the ``.po`` files of the modules up to date with their ``.pot``; what was translated stays."""

import polib
from check_translations import LANGUAGES, modules


def merge(module):
    """Write every language of ``module`` with the texts of its ``.pot``, in that order."""
    template = polib.pofile(str(module / "i18n" / f"{module.name}.pot"), wrapwidth=78)
    for language in LANGUAGES:
        path = module / "i18n" / f"{language}.po"
        known = {entry.msgid: entry for entry in polib.pofile(str(path))} if path.exists() else {}
        file = polib.POFile(wrapwidth=78)
        file.metadata = {**template.metadata, "Language": language}
        for entry in template:
            old = known.get(entry.msgid)
            file.append(
                polib.POEntry(
                    msgid=entry.msgid,
                    msgstr=old.msgstr if old else "",
                    comment=entry.comment,
                    tcomment=old.tcomment if old else "",
                    occurrences=entry.occurrences,
                    flags=[flag for flag in (old or entry).flags if flag != "fuzzy"],
                )
            )
        file.save(str(path))
        print(f"{path.name}: {file.percent_translated()} % of {len(file)} texts")


if __name__ == "__main__":
    for each in modules():
        merge(each)
