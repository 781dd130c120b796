"""Preloading of the modules that a page's scripts import."""

import posixpath
import re
from functools import lru_cache
from pathlib import Path

from django import template
from django.conf import settings
from django.template.base import NodeList, Parser, Token
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from mainapp.core.static_serving import HASHED_NAME

register = template.Library()

MODULE = re.compile(r'<script(?=[^>]* type="module")[^>]* src="([^"]+)"')
IMPORT = re.compile(r"""^(?:import|export|\})[^"';]*["']([^"']+)["'];?$""", re.MULTILINE)

PRELOAD = '<link rel="modulepreload" href="{}" fetchpriority="low">'


@register.tag
def preload_modules(parser: Parser, token: Token) -> "PreloadModules":
    """Put a `modulepreload` link for each imported module before the module scripts inside.

    A browser learns of an import only when it has the importing file: without the links, three or
    four round trips follow each other. Low priority, because styles and the typeface come first.
    """
    inside = parser.parse(("end_preload_modules",))
    parser.delete_first_token()
    return PreloadModules(inside)


class PreloadModules(template.Node):
    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        inside = self.nodelist.render(context)
        urls = dict.fromkeys(
            imported for url in MODULE.findall(inside) for imported in imports_of(url)
        )
        links = format_html_join("\n", PRELOAD, ((url,) for url in urls))
        return mark_safe(links + inside)  # noqa: S308 - both are rendered templates


def imports_of(url: str) -> list[str]:
    """Return the URLs of all modules that a collected module imports, directly or not.

    Empty for a URL without a hash, as in debug mode: such a file was not collected.
    """
    name = url.removeprefix(settings.STATIC_URL)
    if not HASHED_NAME.fullmatch(name):
        return []
    try:
        return [settings.STATIC_URL + each for each in _imports(str(settings.STATIC_ROOT), name)]
    except FileNotFoundError:  # the page works without its preloads
        return []


@lru_cache(maxsize=500)
def _imports(root: str, name: str) -> tuple[str, ...]:
    """Return the names of all imports of a hashed file, which never changes."""
    names = {name: None}
    waiting = [name]
    while waiting:
        importer = waiting.pop(0)
        text = (Path(root) / importer).read_text()
        for path in IMPORT.findall(text):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))
            if imported not in names and HASHED_NAME.fullmatch(imported):
                names[imported] = None
                waiting.append(imported)
    return tuple(names)[1:]
