"""Rendering of users' texts as safe HTML: a subset of Markdown, $PETR4 chips and @mentions."""

import re
from collections.abc import Collection, Mapping
from html import escape, unescape

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

MAX_BODY = 4000
# Distinct names per message; further ones stay plain text.
MAX_MENTIONS = 20
REL = "nofollow ugc noopener"

# Text with more of `[ * _ ~` is rendered without them: the parser searches the rest of the text
# for the end of each, which is quadratic.
MAX_MARKS = 500

BLOCKS = ["blockquote", "fence", "list"]
INLINES = ["autolink", "backticks", "entity", "escape", "newline"]
MARKS = ["emphasis", "link", "strikethrough"]
INLINES_2 = ["balance_pairs", "fragments_join"]
TAGS = {"a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "s", "span", "strong", "ul"}
ATTRIBUTES = {"a": {"class", "data-symbol", "href"}, "ol": {"start"}, "span": {"data-field"}}
SCHEMES = {"http", "https", "mailto"}
# For e-mails written by staff. No pictures: their server would learn who reads the e-mail.
MAIL_TAGS = TAGS | {"b", "h2", "h3", "hr", "i", "u"}
CHIP = (
    '<a class="chip" data-symbol="{0}" href="/ativo/{0}/">{0}'
    '<span data-field="price"></span><span data-field="change_pct"></span></a>'
)

# Each pattern is tried at its own mark only and reads each character once: no text is slow.
_SYMBOL = re.compile(r"(?<![\w$])\$(?P<text>[A-Za-z0-9]{4,8})(?!\w)")
_NAME = re.compile(r"(?<![\w.+\-@/])@(?P<text>\w[\w.+\-]{0,149})(?![\w@])")
_ADDRESS = re.compile(r"://[^\s<>\[\]\"`]{1,2000}")
_SCHEME = re.compile(r"(?<!\w)https?\Z", re.IGNORECASE)
_PUNCTUATION = ".,;:!?'*_~"


def render(body: str, *, symbols: Mapping[str, str], users: Mapping[str, str]) -> str:
    """Return `body` as HTML that is safe to insert into a page.

    `symbols` maps each known ticker of `symbols_in(body)` to its current symbol (`PETR4F` to PETR4,
    a former symbol to its successor); `users` maps each username of `mentions_in(body)`, in lower
    case, to the URL of the profile. Unknown tickers and names stay plain text:

        known = catalogue()
        symbols = {text: now for text in symbols_in(body) if (now := known.canonical(text))}

    A chip has two empty elements, for a live price and its change. Takes milliseconds for any text
    of up to `MAX_BODY` characters.
    """
    html = _parser_for(body).render(body, {"symbols": symbols, "users": users})
    # The parser escapes HTML already; nh3 is the second barrier should one of its rules fail.
    safe = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=REL,
        attribute_filter=_filter_attribute,
    ).strip()
    return safe or f"<p>{escape(body)}</p>"


def clean_mail(html: str) -> str:
    """Return HTML written by staff as safe HTML for an e-mail: plain elements and links only."""
    attributes = {"a": {"href"}, "ol": {"start"}}
    return nh3.clean(html, tags=MAIL_TAGS, attributes=attributes, url_schemes=SCHEMES).strip()


def symbols_in(body: str) -> set[str]:
    """Return the upper-case words that `render` looks up as tickers, those in code included."""
    return {text.upper() for text in _SYMBOL.findall(body)}


def mentions_in(body: str) -> set[str]:
    """Return the lower-case names that `render` may look up; a superset, as it includes code."""
    names: dict[str, None] = {}
    for text in _NAME.findall(body):
        names |= dict.fromkeys(_names(text))
    return set(list(names)[: 2 * MAX_MENTIONS])


def mentioned_in(body: str, names: Collection[str]) -> set[str]:
    """Return the lower-case names that are rendered as mentions, at most MAX_MENTIONS.

    Names in code and in addresses are not rendered as mentions. Names in quotes are left out,
    because their author mentioned them in an earlier message.
    """
    if not names:
        return set()
    found: dict[str, None] = {}
    quotes = 0
    for token in _parser_for(body).parse(body, {"symbols": {}, "users": dict.fromkeys(names, "")}):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if not quotes:
            children = token.children or []
            found |= {child.meta["mention"]: None for child in children if "mention" in child.meta}
    return set(list(found)[:MAX_MENTIONS])


def excerpt(html: str, length: int = 140) -> str:
    """Return the start of rendered HTML as one line of plain text, not yet escaped."""
    # Cut before cleaning, so that the cost does not grow with the message.
    text = " ".join(unescape(nh3.clean(html[: 8 * length], tags=set())).split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _names(text: str) -> list[str]:
    """Return the possible names in `@text`: `@ana.` is ana at the end of a sentence."""
    return list(dict.fromkeys([text.lower(), text.rstrip(".+-").lower()]))


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    """Allow our two classes only, and no attributes that nh3 allows everywhere (title, lang)."""
    if name == "class":
        return value if value in {"chip", "mention"} else None
    return value if name in ATTRIBUTES.get(tag, ()) or name == "rel" else None


# Rules of markdown-it: each tries to match at one position and returns whether it did. -----------


def _chip(state: StateInline, silent: bool) -> bool:
    match = None if state.linkLevel else _SYMBOL.match(state.src, state.pos)
    symbol = state.env["symbols"].get(match["text"].upper()) if match else None
    if not match or not symbol:
        return False
    return _emit(state, silent, match.end(), CHIP.format(escape(symbol)))


def _mention(state: StateInline, silent: bool) -> bool:
    match = None if state.linkLevel else _NAME.match(state.src, state.pos)
    users = state.env["users"]
    name = next((n for n in _names(match["text"]) if n in users), None) if match else None
    if not match or not name:
        return False
    end = match.start("text") + len(name)
    text, href = escape(state.src[state.pos : end]), escape(users[name])
    html = f'<a class="mention" href="{href}">{text}</a>'
    return _emit(state, silent, end, html, meta={"mention": name})


def _address(state: StateInline, silent: bool) -> bool:
    """Turn a bare `https://…` into a link, without the punctuation that follows it."""
    match = None if state.linkLevel else _ADDRESS.match(state.src, state.pos)
    scheme = _SCHEME.search(state.src, max(0, state.pos - 6), state.pos) if match else None
    if not match or not scheme:
        return False
    address = match[0].rstrip(_PUNCTUATION)
    if address.endswith(")") and "(" not in address:
        address = address.rstrip(")").rstrip(_PUNCTUATION)
    if len(address) <= len("://"):
        return False
    text = scheme[0] + address
    if not silent:
        # The parser stops at the colon only: the scheme is in the pending text already.
        state.pending = state.pending[: -len(scheme[0])]
    href = escape(state.md.normalizeLink(text))
    return _emit(state, silent, state.pos + len(address), f'<a href="{href}">{escape(text)}</a>')


def _emit(
    state: StateInline, silent: bool, end: int, html: str, *, meta: dict[str, str] | None = None
) -> bool:
    if not silent:
        token = state.push("html_inline", "", 0)
        token.content, token.meta = html, meta or {}
    state.pos = end
    return True


def _is_external(address: str) -> bool:
    """Allow links to the web and to mail, but not to this site's pages or to scripts."""
    scheme, colon, _ = address.strip().lower().partition(":")
    return bool(colon) and scheme in SCHEMES


def _markdown(*rules: str) -> MarkdownIt:
    parser = MarkdownIt("zero", {"breaks": True, "maxNesting": 20})
    parser.enable([*BLOCKS, *INLINES, *INLINES_2, *rules])
    parser.validateLink = _is_external  # type: ignore[method-assign,assignment] # its documented hook
    for name, mark, rule in (("chip", "$", _chip), ("mention", "@", _mention)):
        parser.inline.add_terminator_char(mark)
        parser.inline.ruler.push(name, rule)
    parser.inline.add_terminator_char(":")
    parser.inline.ruler.push("address", _address)
    return parser


def _parser_for(body: str) -> MarkdownIt:
    return _MARKDOWN if sum(map(body.count, "[*_~")) <= MAX_MARKS else _WITHOUT_MARKS


_MARKDOWN, _WITHOUT_MARKS = _markdown(*MARKS), _markdown()
