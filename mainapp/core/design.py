"""Checks of the style sheets: values come from the tokens, and no page has its own copy of a part.

`python -m mainapp.core.design static/mainapp/css` prints the faults.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

TOKENS = Path("core/tokens.css")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
TEXT = re.compile(r""""[^"\n]*"|'[^'\n]*'|url\([^)]*\)""")
FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
PIECE = re.compile(r"([^{};]*)([{};]|$)")
SELECTOR = re.compile(r"([^{};]+)\{")
# A class with nothing but states: .card, .card:hover, :is(.card), .card[data-x]::before
PART = re.compile(
    r"(?::(?:is|where)\(\s*)?\.([\w-]+)(?:\s*\))?(?:\[[^\]]*\]|::?[\w-]+(?:\([^()]*\))?)*"
)
COMMA = re.compile(r",(?![^(]*\))")  # not within parentheses
COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|oklch|oklab|lab|lch|color|device-cmyk)"
    r"\((?!(?:from )?var\()"  # one computed from a token is free
)
COLOUR_NAMES = """
aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown
burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue
darkcyan darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange
darkorchid darkred darksalmon darkseagreen darkslateblue darkslategray darkslategrey darkturquoise
darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue firebrick floralwhite forestgreen fuchsia
gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew hotpink indianred indigo
ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan
lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue
lightslategray lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon
mediumaquamarine mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue
mediumspringgreen mediumturquoise mediumvioletred midnightblue mintcream mistyrose moccasin
navajowhite navy oldlace olive olivedrab orange orangered orchid palegoldenrod palegreen
paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple rebeccapurple red
rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue slateblue
slategray slategrey snow springgreen steelblue tan teal thistle tomato turquoise violet wheat white
whitesmoke yellow yellowgreen
"""
COLOUR_NAME = re.compile(rf"(?<![\w-])(?:{'|'.join(COLOUR_NAMES.split())})(?![\w-])")
LENGTH = re.compile(r"(?<![\w.-])\d*\.?\d+(?:px|rem|pt|pc|in|cm|mm|q)\b")
SIZE_NAME = re.compile(r"(?<![\w-])(?:(?:xx?-)?(?:small|large)|xxx-large|medium)(?:er)?(?![\w-])")
PAINTED = re.compile(
    r"^(?:--.*|color|background|fill|stroke|outline|border|.*-color|background-image|border-.*"
    r"|text-decoration|column-rule)$"
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
        if path.relative_to(folder) != TOKENS
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
    """Return the classes with a rule of their own, as in `.card { … }` and `.card:hover, .row`."""
    return {
        found[1]
        for selectors in SELECTOR.findall(COMMENT.sub("", css))
        for selector in COMMA.split(selectors)
        if (found := PART.fullmatch(selector.strip()))
    }


def faults(css: str) -> list[str]:
    """Return the declarations of a style sheet that have values of their own."""
    return [
        f"{name}: {value}"
        for name, value in declarations(css)
        if any(_values_outside(name.lower(), value.lower()))
    ]


def declarations(css: str) -> Iterator[tuple[str, str]]:
    """Yield the declarations of a style sheet, nested rules included, without quoted texts."""
    text = TEXT.sub('""', FONT_FACE.sub("", COMMENT.sub("", css)))
    for piece, end in PIECE.findall(text):
        name, colon, value = piece.partition(":")
        if end != "{" and colon:
            yield name.strip(), value.strip()


def _values_outside(name: str, value: str) -> Iterator[bool]:
    yield bool(COLOUR.search(value))
    if PAINTED.match(name):
        yield bool(COLOUR_NAME.search(value))
    if name in {"font-size", "font"}:
        yield bool(LENGTH.search(value) or SIZE_NAME.search(value))
    if name.endswith("radius"):
        yield bool(LENGTH.search(value))
    if name in {"box-shadow", "text-shadow"}:
        yield not all(_is_token_shadow(part) for part in COMMA.split(value))
    if name.endswith("filter"):
        yield "drop-shadow(" in value


def _is_token_shadow(part: str) -> bool:
    part = part.removesuffix("!important").strip()
    return (
        part == "none"
        or re.fullmatch(r"var\(--[\w-]+\)", part) is not None
        or bool(LINE.match(part))
    )


if __name__ == "__main__":
    sys.exit("\n".join(sheet_faults(Path(sys.argv[1]))) or None)
