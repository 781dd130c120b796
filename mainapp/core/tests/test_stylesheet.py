"""Contrast of the palette by WCAG AA: 4.5 for text, 3 for outlines."""

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = (Path(settings.BASE_DIR) / "static/mainapp/css/core/app.css").read_text(encoding="utf-8")
COLOURS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", CSS)
}
SURFACES = ["paper", "surface", "surface-2"]
TEXT = [(text, below) for text in ("ink", "ink-2", "brand", "up", "down") for below in SURFACES]
TEXT += [("up", "up-tint"), ("down", "down-tint"), ("warn", "warn-tint"), ("on-brand", "brand")]
OUTLINES = [("line-strong", "paper"), ("line-strong", "surface"), ("violet", "surface")]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("above", "below", "least"),
    [(*pair, 4.5) for pair in TEXT] + [(*pair, 3.0) for pair in OUTLINES],
)
def test_colours_have_enough_contrast(above, below, least, theme):
    darker, lighter = sorted(luminance(COLOURS[name][theme]) for name in (above, below))

    assert (lighter + 0.05) / (darker + 0.05) >= least
