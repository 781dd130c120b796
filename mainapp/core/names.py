"""The rule for users' names: allowed characters, and detection of lookalikes.

A name has two skeletons, which describe its appearance; names that share one are lookalikes. They
are made by the method of Unicode's report 39, with its table of confusable characters: one from the
letters as written (`AIice` looks like `Alice`, `Iara` like `lara`), and one from the letters in
lower case (`ALICE` is `alice`).
"""

import json
import re
import unicodedata
from collections.abc import Collection
from functools import cache
from importlib.resources import files

# Unicode categories of characters that are not displayed, break the line or do not exist.
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Characters of other categories that are displayed as nothing: fillers, joiners, a blank Braille
# pattern.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
# Characters that change the direction of the text after them.
DIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
JOINER = "\u200d"
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Alphabets with similar letters: a name that mixes them imitates another one.
CONFUSABLE = {"LATIN", "CYRILLIC", "GREEK"}
MAX_SKELETON = 160
# Signs that are written instead of letters. Among reserved names, i counts as l too: `Adm1n`.
_WRITTEN_FOR = str.maketrans("01345@$!|i", "oleasaslll")
_FILLERS = ("das", "dos", "da", "de", "do", "the", "equipe", "oficial", "official", "staff", "team")


def is_hidden(character: str) -> bool:
    """Return whether a character is invisible, breaks the line or reorders others."""
    return unicodedata.category(character) in HIDDEN or character in BLANK


def has_hidden(text: str) -> bool:
    """Return whether a text has a hidden character, apart from joiners inside an emoji."""
    return without_hidden(text) != text


def without_hidden(text: str) -> str:
    """Return a text without its hidden characters, apart from joiners inside an emoji."""
    return "".join(
        char
        for n, char in enumerate(text)
        if not is_hidden(char) or (char == JOINER and _joins_emoji(text[:n], text[n + 1 :]))
    )


def title(text: str) -> str:
    """Return a title that a user chose as one line; empty without a visible character."""
    line = tidy(without_hidden(" ".join(text.split())))
    return line if any(unicodedata.category(char)[0] in "LNPS" for char in line) else ""


def _joins_emoji(before: str, after: str) -> bool:
    kinds = [unicodedata.category(char) for char in (before[-1:] or "x") + (after[:1] or "x")]
    return kinds[0] in ("So", "Sk") and kinds[1] == "So"


def is_plain_text(text: str) -> bool:
    """Return whether a text of several lines has no control, blank or directional characters."""
    kinds = {unicodedata.category(char) for char in text if char not in "\n\t"}
    return not (kinds & HIDDEN - {"Cf"}) and not ((DIRECTIONAL | BLANK) & set(text))


def tidy(name: str) -> str:
    """Return a name in composed form, with single spaces and without variation selectors.

    Phones add such a selector to many emoji.
    """
    name = unicodedata.normalize("NFC", SELECTORS.sub("", name))
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in name)
    return " ".join(word for word in spaced.split(" ") if word)


def has_letter(name: str) -> bool:
    """Return whether a name has a letter or a number."""
    return any(unicodedata.category(char)[0] in "LN" for char in name)


def mixes_alphabets(name: str) -> bool:
    """Return whether a name has letters of several CONFUSABLE alphabets."""
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in name}
    return len(CONFUSABLE & scripts) > 1


def one_line(text: str) -> str:
    """Return a user's text as one line without hidden characters, for use in a line of ours."""
    return "".join(char for char in " ".join(text.split()) if not is_hidden(char))


def printable_line(text: str) -> str:
    """Return a source's text as one line of printable characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def skeletons(name: str) -> set[str]:
    """Return the skeletons of a name; lookalikes share one. Empty for an empty name."""
    shown = "".join(char for char in unicodedata.normalize("NFKC", name) if not is_hidden(char))
    shown = tidy(shown)
    if not shown:
        return set()
    # The mark keeps the two kinds apart: each is compared with its own kind only.
    kinds = {"=": shown, "~": shown.casefold()}
    return {f"{kind}{_caseless(text)}"[:MAX_SKELETON] for kind, text in kinds.items()}


def is_reserved(name: str, reserved: Collection[str]) -> bool:
    """Return whether a name looks like it is made of reserved words, as `Adm1n do Pregão` does."""
    words = "|".join(_plain(word) for word in reserved)
    fillers = "|".join(_plain(word) for word in _FILLERS)
    pattern = re.compile(rf"(?:{fillers})*(?:{words})(?:{words}|{fillers})*")
    without_numbers = "".join(char for char in name if not char.isdigit())
    return any(pattern.fullmatch(_plain(text)) for text in (name, without_numbers))


def _plain(name: str) -> str:
    """Return the letters that a name seems to have, without accents, case and separators."""
    shown = _skeleton(unicodedata.normalize("NFKC", name).casefold()).casefold()
    bare = "".join(
        c for c in unicodedata.normalize("NFD", shown) if unicodedata.category(c) != "Mn"
    )
    return "".join(char for char in bare.translate(_WRITTEN_FOR) if char.isalnum())


def _caseless(text: str) -> str:
    """Return a skeleton in lower case, after capitals became the letters that they look like."""
    return _skeleton(_skeleton(text).casefold())


def _skeleton(text: str) -> str:
    table = _prototypes()
    # Twice: the prototype of one character can be several, with prototypes of their own.
    return unicodedata.normalize("NFD", text).translate(table).translate(table)


@cache
def _prototypes() -> dict[int, str]:
    """Return the prototype of each confusable character, by its number.

    A prototype represents all strings that look the same. Takes 30 ms, once per process.
    """
    source = files("confusable_homoglyphs").joinpath("confusables.json").read_bytes()
    groups: dict[str, set[str]] = {}
    for marked, others in json.loads(source).items():
        # The table marks the direction of Hebrew and Arabic letters.
        for text in (marked, *(other["c"] for other in others)):
            _join(groups, marked.strip("\u200e"), text.strip("\u200e"))
    prototypes = {id(group): _prototype(group) for group in groups.values()}
    pairs = ((text, prototypes[id(group)]) for text, group in groups.items() if len(text) == 1)
    return {ord(text): prototype for text, prototype in pairs if text != prototype}


def _join(groups: dict[str, set[str]], first: str, second: str) -> None:
    """Merge the groups of two strings; `groups` maps each string to its group."""
    larger, smaller = groups.setdefault(first, {first}), groups.setdefault(second, {second})
    if len(larger) < len(smaller):
        larger, smaller = smaller, larger
    if larger is not smaller:
        larger |= smaller
        groups.update(dict.fromkeys(smaller, larger))


def _prototype(group: set[str]) -> str:
    """Return the string of several characters, if there is one, else the plainest character."""
    return min(group, key=_plainness)


def _plainness(text: str) -> tuple[int, bool, bool, bool, str]:
    return (-len(text), not text.isascii(), not text.islower(), not text.isalpha(), text)
