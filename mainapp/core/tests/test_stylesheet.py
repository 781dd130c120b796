"""Contrast of the palette by WCAG AA: 4.5 for text, 3 for outlines; and values only in tokens."""

import math
import re
from pathlib import Path

import pytest
from django.conf import settings

from mainapp.core.design import faults, sheet_faults

CSS_DIR = Path(settings.BASE_DIR) / "static/mainapp/css"
CSS = (CSS_DIR / "core/tokens.css").read_text(encoding="utf-8")
COLOURS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", CSS)
}
COLOURS |= {
    name: {"light": colour, "dark": colour}
    for name, colour in re.findall(r"--([\w-]+): (#\w{6});", CSS)
}
SURFACES = ["ground", "card", "raised", "sunk"]
TEXT = [(text, below) for text in ("ink", "ink-2", "accent", "up", "down") for below in SURFACES]
TEXT += [("up", "up-soft"), ("down", "down-soft"), ("amber", "amber-soft"), ("on-accent", "accent")]
TEXT += [("on-bubble", "bubble")]
TEXT += [("on-down", "down"), ("accent", "accent-soft"), ("ink", "accent-soft")]
TEXT += [("on-tile", f"tile-{name}") for name in ("down", "flat", "up", "stale")]
OUTLINES = [("line-strong", "ground"), ("line-strong", "card"), ("line-strong", "sunk")]
OUTLINES += [("amber-line", "card"), *((f"series-{number}", "card") for number in range(2, 7))]


MARK_CSS = (CSS_DIR / "parts/mark.css").read_text(encoding="utf-8")
MARK_ENDS = [
    tuple(map(float, re.findall(rf"--mark-{end}: ([\d.]+) ([\d.]+);", CSS)[0]))
    for end in ("from", "to")
]
# Every mark, at nine places of its gradient in oklch: lightness, chroma, hue.
MARK_COLOURS = [
    (*(start + (end - start) * step / 8 for start, end in zip(*MARK_ENDS, strict=True)), at)
    for hue in map(int, re.findall(r"\[data-hue=\"\d+\"\] { --hue: (\d+); }", MARK_CSS))
    for step in range(9)
    for at in [hue + 35 * step / 8]
]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def oklch_luminance(lightness: float, chroma: float, hue: float) -> float:
    """Return the luminance of a colour as browsers show it: channels out of sRGB are cut."""
    a, b = (chroma * f(math.radians(hue)) for f in (math.cos, math.sin))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(1.0, max(0.0, value)) for value in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_letters_have_enough_contrast_on_marks_of_every_hue():
    above = luminance(COLOURS["on-mark"]["light"]) + 0.05
    contrasts = [above / (oklch_luminance(*colour) + 0.05) for colour in MARK_COLOURS]

    assert len(contrasts) == 9 * 24
    assert min(contrasts) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("above", "below", "least"),
    [(*pair, 4.5) for pair in TEXT] + [(*pair, 3.0) for pair in OUTLINES],
)
def test_colours_have_enough_contrast(above, below, least, theme):
    darker, lighter = sorted(luminance(COLOURS[name][theme]) for name in (above, below))

    assert (lighter + 0.05) / (darker + 0.05) >= least


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("color: #fff", "#fff"),
        ("background: rgb(0 0 0 / 50%)", "rgb("),
        ("font-size: 13px", "13px"),
        ("box-shadow: 0 1px 2px var(--line)", "0 1px 2px var(--line)"),
        ("border-radius: 8px", "8px"),
        ("color: white", "white"),
        ("color: tomato", "tomato"),
        ("COLOR: #FFF", "#FFF"),
        ("color: color(display-p3 1 0 0)", "color("),
        ("--own: #fff", "--own: #fff"),
        ("color: #fff; &:hover { color: var(--ink) }", "#fff"),
        ("font-size: small", "small"),
        ("font-size: 1in", "1in"),
        ("text-shadow: 0 1px 2px black", "text-shadow"),
        ("filter: drop-shadow(0 1px 2px var(--line))", "drop-shadow"),
    ],
)
def test_a_value_outside_the_tokens_is_a_fault(rule, fault):
    assert fault in faults(f".part {{ {rule}; }}")[0]


@pytest.mark.parametrize(
    "rule",
    [
        "color: var(--ink)",
        "font-size: var(--t-s)",
        "font-size: 0.62em",
        "border-radius: 50%",
        "border-radius: var(--r-m) var(--r-m) 0 0",
        "box-shadow: var(--depth-1)",
        "box-shadow: inset 3px 0 var(--accent)",
        "color: color-mix(in srgb, var(--ink) 9%, var(--sunk))",
        "color: transparent",
        "padding: 3px",
        "--from: oklch(var(--mark-from) var(--hue))",
        "content: 'red #fff'",
        "background: url(red.svg#fff)",
    ],
)
def test_tokens_and_relative_values_are_allowed(rule):
    assert faults(f".part {{ {rule}; }}") == []


def test_a_page_with_its_own_copy_of_a_part_is_a_fault(tmp_path):
    for name, css in {
        "parts/card.css": ".card { padding: var(--s-4); }",
        "market/graph.css": ".graph .card { margin: 0; } .chart, .card { margin: 0; }",
    }.items():
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(css)

    assert sheet_faults(tmp_path) == ["market/graph.css: .card is a part already"]


@pytest.mark.parametrize(
    "css",
    [
        ".card:hover { margin: 0; }",
        ":is(.card) { margin: 0; }",
        ".card[data-x]::before { margin: 0; }",
        "@media print { .card { margin: 0; } }",
        ".graph { color: inherit; .card { margin: 0; } }",
    ],
)
def test_a_copy_of_a_part_is_found_in_every_disguise(tmp_path, css):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/card.css").write_text(".card { padding: var(--s-4); }")
    (tmp_path / "page.css").write_text(css)

    assert sheet_faults(tmp_path) == ["page.css: .card is a part already"]


def test_only_one_file_defines_tokens(tmp_path):
    (tmp_path / "market").mkdir()
    (tmp_path / "market/tokens.css").write_text(".graph { color: #fff; }")

    assert sheet_faults(tmp_path) == ["market/tokens.css: color: #fff"]


def test_the_style_sheets_have_no_fault():
    assert sheet_faults(CSS_DIR) == []
