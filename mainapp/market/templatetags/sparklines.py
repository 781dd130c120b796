"""Sparklines of a day's prices, rendered by the server: `{% sparkline points previous_close %}`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template

from mainapp.core.templatetags.formats import direction as direction_of
from mainapp.market.rendering import SPARK_HEIGHT, SPARK_WIDTH, Point, spark_paths

register = template.Library()


@register.inclusion_tag("mainapp/parts/sparkline.html")
def sparkline(
    points: Sequence[Point] | None, base: Decimal | None, direction: str = ""
) -> dict[str, Any]:
    """Draw the points of `sparkline_points` against yesterday's close.

    `direction` (up, down, flat) is that of the last point unless it is given. Without points the
    picture is empty, and has the same size.
    """
    points = points or ()
    if not direction and points and base is not None:
        direction = direction_of(Decimal(points[-1][1]) - base)
    return {
        "paths": spark_paths(points, base=base, width=SPARK_WIDTH, height=SPARK_HEIGHT),
        "width": SPARK_WIDTH,
        "height": SPARK_HEIGHT,
        "direction": direction or "flat",
    }
