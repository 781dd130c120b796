"""Checks of the style sheets: values come from the tokens, and no page has its own copy of a part.

`python -m mainapp.core.design static/mainapp/css` prints the faults.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

TOKENS = "tokens.css"
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
DECLARATION = re.compile(r"(?<![\w-])([\w-]+)\s*:\s*([^;{}]+)")
SELECTOR = re.compile(r"([^{};]+)\{")
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|hwb|oklch|oklab|lab|lch)\(")
COLOUR_NAME = re.compile(
    r"(?<![\w-])(?:white|black|red|green|blue|gray|grey|orange|yellow|silver|gold)(?![\w-])"
)
LENGTH = re.compile(r"(?<![\w.-])\d*\.?\d+(?:px|rem|pt)\b")
SHADOW = re.compile(r"(?:inset )?(?:-?[\d.]+(?:px|em)? ){2,4}var\(--[\w-]+\)")
PAINTED = re.compile(
    r"^(?:color|background|fill|stroke|outline|border|.*-color|background-image|border-.*)$"
)
# Inset lines and rings in a token's colour are outlines, not shadows.
LINE = re.compile(
    r"^(?:inset -?\d+px (?:-?\d+px|0)|inset 0 -?\d+px|0 0 0 [\d.]+px) var\(--[\w-]+\)$"
)


def sheet_faults(folder: Path) -> list[str]:
    """Return the faults of all style sheets below a folder, each with its file."""
    sheets = {
        path.relative_to(folder): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.css"))
        if path.name != TOKENS
    }
    shared = {path for path in sheets if path.parts[0] in {"core", "parts"}}
    parts = {name for path in shared for name in _classes(sheets[path])}
    values = [f"{path}: {fault}" for path, css in sheets.items() for fault in faults(css)]
    copies = [
        f"{path}: .{name} is a part already"
        for path, css in sheets.items()
        if path not in shared
        for name in sorted(_classes(css) & parts)
    ]
    return values + copies


def _classes(css: str) -> set[str]:
    """Return the classes with a rule of their own, as in `.card { … }` and `.card, .row { … }`."""
    return {
        selector.strip()[1:]
        for selectors in SELECTOR.findall(COMMENT.sub("", css))
        for selector in selectors.split(",")
        if re.fullmatch(r"\.[\w-]+", selector.strip())
    }


def faults(css: str) -> list[str]:
    """Return the declarations of a style sheet that have values of their own."""
    text = COMMENT.sub("", css)
    text = re.sub(r"@font-face\s*\{[^}]*\}", "", text)
    return [
        f"{name}: {value.strip()}"
        for name, value in DECLARATION.findall(re.sub(r"[^{}]*\{", "{", text))
        if any(_values_outside(name, value.strip()))
    ]


def _values_outside(name: str, value: str) -> Iterator[bool]:
    if name.startswith("--"):
        return
    yield bool(COLOUR.search(value))
    if PAINTED.match(name):
        yield bool(COLOUR_NAME.search(value))
    if name in {"font-size", "font"} or name.endswith("radius"):
        yield bool(LENGTH.search(value))
    if name == "box-shadow":
        yield not all(_is_token_shadow(part) for part in re.split(r",(?![^(]*\))", value))


def _is_token_shadow(part: str) -> bool:
    part = part.removesuffix("!important").strip()
    return (
        part == "none"
        or re.fullmatch(r"var\(--[\w-]+\)", part) is not None
        or bool(LINE.match(part))
    )


if __name__ == "__main__":
    sys.exit("\n".join(sheet_faults(Path(sys.argv[1]))) or None)
