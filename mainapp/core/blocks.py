"""Blocks of pages: the parts of home, paper, club and profile pages, each registered by a feature.

A page names a place and shows the blocks registered there, so that it need not import any feature:

    register_block(Block(place="home", name="alerts", order=20, who=MEMBERS,
                         template="mainapp/alerts/home_block.html", context=nearest_alerts))

    {% load blocks %}{% blocks "paper-side" stock=stock %}

A feature's blocks are in its `blocks.py`; `AppConfig.ready` registers them.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from mainapp.core.policies import ANONYMOUS, EVERYONE, MEMBERS, Who

logger = logging.getLogger(__name__)

BlockContext = dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a page.

    `context` is called with the request and the page's subject as keyword arguments, such as
    `stock=`. It returns the template's own variables, or None if there is nothing to show; it makes
    a fixed number of queries. The template also has the variables of the page. Blocks are shown by
    `order`, then by name. `who` is EVERYONE, MEMBERS or ANONYMOUS; `context` decides about rights
    that depend on the subject, such as those of its owner.
    """

    place: str
    name: str
    order: int
    template: str
    context: Callable[..., BlockContext]
    who: Who = EVERYONE

    def __post_init__(self) -> None:
        if self.who not in (EVERYONE, MEMBERS, ANONYMOUS):
            raise ValueError(f"{self.place}/{self.name} is for EVERYONE, MEMBERS or ANONYMOUS only")


_blocks: dict[tuple[str, str], Block] = {}


def register_block(block: Block) -> None:
    """Show a block at its place; one of the same place and name is replaced. Safe to repeat."""
    _blocks[block.place, block.name] = block


def blocks_of(place: str, request: HttpRequest) -> list[Block]:
    """Return the blocks of a place that the user may see, in their order."""
    person = MEMBERS if request.user.is_authenticated else ANONYMOUS
    blocks = (block for block in _blocks.values() if block.place == place and person & block.who)
    return sorted(blocks, key=lambda block: (block.order, block.name))


def rendered_blocks(place: str, *, page: Context, **subject: Any) -> Iterator[SafeString]:
    """Yield the HTML of each block of a place; `page` is the context of the page's template.

    In production, a block that fails is logged and left out, and the page is shown without it. If
    the database fails, the page fails: a transaction may be broken, and the answer is a 503.
    """
    for block in blocks_of(place, page["request"]):
        try:
            html = _rendered(block, page, subject)
        except DatabaseError:
            raise
        except Exception:
            if not settings.HIDE_FAILED_BLOCKS:
                raise
            logger.exception("the block %s of %s has failed", block.name, place)
            continue
        if html:
            yield html


def _rendered(block: Block, page: Context, subject: dict[str, Any]) -> SafeString | None:
    variables = block.context(request=page["request"], **subject)
    if variables is None:
        return None
    with page.push(**subject, **variables):
        html: str = get_template(block.template).template.render(page)  # type: ignore[attr-defined]
    return mark_safe(html.strip())  # noqa: S308 - a rendered template
