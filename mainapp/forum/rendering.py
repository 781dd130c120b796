"""What people write, as safe HTML: a small part of Markdown, $PETR4 chips and @mentions."""

import re
from collections.abc import Mapping
from html import escape, unescape

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from mainapp.market.symbols import parse

MAX_BODY = 4000
MAX_MENTIONS = 20  # different names; those after them stay text
REL = "nofollow ugc noopener"

MAX_MARKS = 500  # a text with more [ * _ ~ means none of them: each looks for its end

BLOCKS = ["blockquote", "fence", "list"]
INLINES = ["autolink", "backticks", "entity", "escape", "newline"]
MARKS = ["emphasis", "link", "strikethrough"]
INLINES_2 = ["balance_pairs", "fragments_join"]
TAGS = {"a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "s", "span", "strong", "ul"}
ATTRIBUTES = {"a": {"class", "data-symbol", "href"}, "ol": {"start"}, "span": {"data-field"}}
SCHEMES = {"http", "https", "mailto"}
CHIP = (
    '<a class="chip" data-symbol="{0}" href="/graph?ticker={0}">{0}'
    '<span data-field="price"></span><span data-field="change_pct"></span></a>'
)

# Each is tried only where its mark stands and takes a character once: no text makes them slow.
_SYMBOL = re.compile(r"(?<![\w$])\$(?P<text>[A-Za-z0-9]{4,8})(?!\w)")
_NAME = re.compile(r"(?<![\w.+\-@/])@(?P<text>\w[\w.+\-]{0,149})(?![\w@])")
_ADDRESS = re.compile(r"://[^\s<>\[\]\"`]{1,2000}")
_SCHEME = re.compile(r"(?<!\w)https?\Z", re.IGNORECASE)
_PUNCTUATION = ".,;:!?'*_~"


def render(body: str, *, symbols: Mapping[str, str], users: Mapping[str, str]) -> str:
    """Return `body` as HTML that is safe to show as it is.

    `symbols` has today's symbol for each of `symbols_in(body)` that is known (`PETR4F` is PETR4,
    a former symbol its successor); `users` has the address of the profile for each of
    `mentions_in(body)` that is a username, by the name in lower case. What neither has stays text:

        known = catalogue()
        symbols = {text: now for text in symbols_in(body) if (now := known.canonical(text))}

    A chip has two empty places, for a live price and its change. Takes milliseconds, whatever the
    text, up to `MAX_BODY` characters.
    """
    markdown = _MARKDOWN if sum(map(body.count, "[*_~")) <= MAX_MARKS else _WITHOUT_MARKS
    html = markdown.render(body, {"symbols": symbols, "users": users})
    safe = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=REL,
        attribute_filter=_only_ours,
    ).strip()
    return safe or f"<p>{escape(body)}</p>"


def symbols_in(body: str) -> set[str]:
    """Return the tickers, in capitals, that `render` will ask for, and some more (in code)."""
    return {text.upper() for text in _SYMBOL.findall(body) if parse(text)}


def mentions_in(body: str) -> set[str]:
    """Return the names, in lower case, that `render` may ask for, and some more (in code)."""
    names: dict[str, None] = {}
    for text in _NAME.findall(body):
        names |= dict.fromkeys(_names(text))
    return set(list(names)[: 2 * MAX_MENTIONS])


def excerpt(html: str, length: int = 140) -> str:
    """Return the beginning of what `render` made as plain text, in one line, yet to be escaped."""
    text = " ".join(unescape(nh3.clean(html[: 8 * length], tags=set())).split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _names(text: str) -> list[str]:
    """Return the names that `@text` may mean: `@ana.` is ana at the end of a sentence."""
    return list(dict.fromkeys([text.lower(), text.rstrip(".+-").lower()]))


def _only_ours(tag: str, name: str, value: str) -> str | None:
    """Keep no class but our two, and none of what nh3 lets every element have (title, lang)."""
    if name == "class":
        return value if value in {"chip", "mention"} else None
    return value if name in ATTRIBUTES.get(tag, ()) or name == "rel" else None


# Rules of markdown-it: each looks at one place of the text and says whether it took it -----------


def _chip(state: StateInline, silent: bool) -> bool:
    match = None if state.linkLevel else _SYMBOL.match(state.src, state.pos)
    symbol = state.env["symbols"].get(match["text"].upper()) if match else None
    if not match or not symbol:
        return False
    return _take(state, silent, match.end(), CHIP.format(escape(symbol)))


def _mention(state: StateInline, silent: bool) -> bool:
    match = None if state.linkLevel else _NAME.match(state.src, state.pos)
    users = state.env["users"]
    name = next((n for n in _names(match["text"]) if n in users), None) if match else None
    if not match or not name:
        return False
    end = match.start("text") + len(name)
    text, href = escape(state.src[state.pos : end]), escape(users[name])
    return _take(state, silent, end, f'<a class="mention" href="{href}">{text}</a>')


def _address(state: StateInline, silent: bool) -> bool:
    """Make a link of a bare `https://…`: it ends before the punctuation that follows it."""
    match = None if state.linkLevel else _ADDRESS.match(state.src, state.pos)
    scheme = _SCHEME.search(state.src, max(0, state.pos - 6), state.pos) if match else None
    if not match or not scheme:
        return False
    rest = match[0].rstrip(_PUNCTUATION)
    if rest.endswith(")") and "(" not in rest:
        rest = rest.rstrip(")").rstrip(_PUNCTUATION)
    if len(rest) <= len("://"):
        return False
    text = scheme[0] + rest
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
    href = escape(state.md.normalizeLink(text))
    return _take(state, silent, state.pos + len(rest), f'<a href="{href}">{escape(text)}</a>')


def _take(state: StateInline, silent: bool, end: int, html: str) -> bool:
    if not silent:
        state.push("html_inline", "", 0).content = html
    state.pos = end
    return True


def _is_outside(address: str) -> bool:
    """Let a person link what is on the web and mail, no page of this site and nothing that runs."""
    scheme, colon, _ = address.strip().lower().partition(":")
    return bool(colon) and scheme in SCHEMES


def _markdown(*rules: str) -> MarkdownIt:
    made = MarkdownIt("zero", {"breaks": True, "maxNesting": 20})
    made.enable([*BLOCKS, *INLINES, *INLINES_2, *rules])
    made.validateLink = _is_outside  # type: ignore[method-assign,assignment] # as its docs tell
    for name, mark, rule in (("chip", "$", _chip), ("mention", "@", _mention)):
        made.inline.add_terminator_char(mark)
        made.inline.ruler.push(name, rule)
    made.inline.add_terminator_char(":")
    made.inline.ruler.push("address", _address)
    return made


_MARKDOWN, _WITHOUT_MARKS = _markdown(*MARKS), _markdown()
