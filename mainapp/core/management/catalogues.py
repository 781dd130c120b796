"""Message catalogues: extracted from the sources by Babel, sorted, compiled and checked.

Message ids are in Portuguese; `locale/en` translates them. Two domains: `django` (Python and
templates) and `djangojs` (the browser's modules). Babel needs no gettext tools on the machine.
"""

import os
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

LOCALE = "en"
DOMAINS = ("django", "djangojs")
SOURCES = {
    "django": (
        ("mainapp", "**/*.py", "python"),
        ("project", "*.py", "python"),
        ("templates", "**/*.html", "mainapp.core.management.catalogues:extract_template"),
        ("templates", "**/*.txt", "mainapp.core.management.catalogues:extract_template"),
    ),
    "djangojs": (("static/mainapp/js", "**/*.js", "javascript"),),
}
EXCLUDED_FOLDERS = {"tests", "migrations"}
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
OPTIONS = {"parse_template_string": True}  # `${gettext("…")}` in a module
# Without dates and tool versions, so that a file changes only with its messages.
HEADER = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Language: en\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""


def extract_template(
    fileobj: Any, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, Any, list[str], str | None]]:
    """Yield the messages of a Django template, using Babel's Python extractor."""
    code = templatize(fileobj.read().decode(), origin=fileobj.name)
    # Python's tokenizer would fail on the indentation of the markup.
    flat = "\n".join(line.lstrip() for line in code.splitlines())
    return extract_python(BytesIO(flat.encode()), keywords, comment_tags, options)


def extract_messages(root: Path, domain: str) -> Catalog:
    """Return the messages of the sources under `root`, untranslated."""
    catalog = Catalog(locale=LOCALE)
    for folder, pattern, method in SOURCES[domain]:
        for path in sorted((root / folder).glob(pattern)):
            if EXCLUDED_FOLDERS.isdisjoint(path.relative_to(root).parts):
                with path.open("rb") as file:
                    for _line, ids, _comments, context in extract(
                        method, file, KEYWORDS, options=OPTIONS
                    ):
                        catalog.add(ids, context=context)
    return catalog


def po_path(root: Path, domain: str) -> Path:
    return root / "locale" / LOCALE / "LC_MESSAGES" / f"{domain}.po"


def load_catalogue(root: Path, domain: str) -> Catalog:
    """Return the translated catalogue; empty if its file does not exist."""
    path = po_path(root, domain)
    if not path.exists():
        return Catalog(locale=LOCALE)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE)


def update_catalogue(root: Path, domain: str) -> int:
    """Update the .po file from the sources; return the number of untranslated messages.

    Messages no longer in the sources are removed. The order is fixed, so that changing one string
    changes one entry.
    """
    extracted, translated = extract_messages(root, domain), load_catalogue(root, domain)
    for message in _entries(extracted):
        old = translated.get(message.id, message.context)
        if old is not None and old.pluralizable == message.pluralizable:
            message.string = old.string
            if old.fuzzy:
                message.flags.add("fuzzy")
    buffer = BytesIO()
    write_po(buffer, extracted, no_location=True, omit_header=True, sort_output=True, width=100)
    path = po_path(root, domain)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (HEADER + buffer.getvalue().decode().strip()).rstrip() + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return sum(not _is_translated(message) for message in _entries(extracted))


def compile_stale(root: Path) -> None:
    """Write each .mo file that is missing or older than its .po. Safe to run concurrently."""
    for domain in DOMAINS:
        source = po_path(root, domain)
        target = source.with_suffix(".mo")
        if not source.exists():
            continue
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        # Replaced in one step: another process may be reading the file.
        partial = target.with_suffix(f".{os.getpid()}.mo")
        with partial.open("wb") as file:
            write_mo(file, load_catalogue(root, domain))
        partial.replace(target)


def find_faults(root: Path, domain: str) -> list[str]:
    """Return the faults of a domain's catalogue, one per line; empty if it is complete."""
    catalog = load_catalogue(root, domain)
    extracted = {_key(message) for message in _entries(extract_messages(root, domain))}
    entries = {_key(message): message for message in _entries(catalog)}
    lines = [f"missing: {_name(key)}" for key in extracted - entries.keys()]
    lines += [f"not in the sources: {_name(key)}" for key in entries.keys() - extracted]
    lines += [f"obsolete: {_name(_key(message))}" for message in catalog.obsolete.values()]
    for key, message in entries.items():
        if message.fuzzy:
            lines.append(f"fuzzy: {_name(key)}")
        elif not _is_translated(message):
            lines.append(f"untranslated: {_name(key)}")
        else:
            lines += [f"{error}: {_name(key)}" for error in message.check(catalog)]
    return sorted(lines)


def _entries(catalog: Catalog) -> Iterable[Message]:
    return (message for message in catalog if message.id)


def _key(message: Message) -> tuple[str, str]:
    text = message.id if isinstance(message.id, str) else message.id[0]
    return text, message.context or ""


def _name(key: tuple[str, str]) -> str:
    text, context = key
    return f"{context}: {text}" if context else text


def _is_translated(message: Message) -> bool:
    text = message.string
    return bool(text) and (isinstance(text, str) or all(text or ()))
