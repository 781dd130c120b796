import time

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainapp.core.rendering import (
    ATTRIBUTES,
    MAX_BODY,
    SCHEMES,
    TAGS,
    mentions_in,
    render,
    symbols_in,
)

SYMBOLS = {"PETR4": "PETR4", "PETR4F": "PETR4", "ELET3": "AXIA3"}
USERS = {"ana": "/profile/1/", "ana_maria": "/profile/2/", "joão": "/profile/3/"}
REL = 'rel="nofollow ugc noopener"'


def html(body: str) -> str:
    return render(body, symbols=SYMBOLS, users=USERS)


def chip(symbol: str) -> str:
    return (
        f'<a class="chip" data-symbol="{symbol}" href="/ativo/{symbol}/" {REL}>{symbol}'
        '<span data-field="price"></span><span data-field="change_pct"></span></a>'
    )


def link(href: str, text: str) -> str:
    return f'<a href="{href}" {REL}>{text}</a>'


def mention(pk: int, text: str) -> str:
    return f'<a class="mention" href="/profile/{pk}/" {REL}>{text}</a>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("oi\ntudo bem?\n\nsim", "<p>oi<br>\ntudo bem?</p>\n<p>sim</p>"),
        (
            "**a** *b* ~~c~~ `d`",
            "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>",
        ),
        ("```py\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. c", '<ol start="3">\n<li>c</li>\n</ol>'),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("# a\n\n---\n\na\n===\n\n    b", "<p># a</p>\n<p>---</p>\n<p>a<br>\n===</p>\n<p>b</p>"),
        ("|a|b|\n|-|-|\n|c|d|", "<p>|a|b|<br>\n|-|-|<br>\n|c|d|</p>"),
        ("<b>a</b> <!-- b -->", "<p>&lt;b&gt;a&lt;/b&gt; &lt;!-- b --&gt;</p>"),
        ("&lt;b&gt; &copy;", "<p>&lt;b&gt; ©</p>"),
        ("a\0b", "<p>a\N{REPLACEMENT CHARACTER}b</p>"),
        ("", "<p></p>"),
    ],
)
def test_a_subset_of_markdown_is_rendered(body, expected):
    assert html(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[a](https://b.com/c)", link("https://b.com/c", "a")),
        ('[a](http://b.com "title")', link("http://b.com", "a")),
        ("[a](mailto:a@b.com)", link("mailto:a@b.com", "a")),
        ("![a](http://b.com/c.png)", "!" + link("http://b.com/c.png", "a")),
        ("<https://b.com>", link("https://b.com", "https://b.com")),
        ("https://b.com/_c_?d=1&e=2.", link(*["https://b.com/_c_?d=1&amp;e=2"] * 2) + "."),
        ("(https://b.com/c)", "(" + link(*["https://b.com/c"] * 2) + ")"),
        ("https://b.com/c_(d)", link(*["https://b.com/c_(d)"] * 2)),
        ("xhttps://b.com http://", "xhttps://b.com http://"),
        ("[a https://b.com](http://c.com)", link("http://c.com", "a https://b.com")),
        ("[a](javascript:b)", "[a](javascript:b)"),
        ("[a](JaVaScRiPt:b)", "[a](JaVaScRiPt:b)"),
        ("[a](java&#115;cript:b)", "[a](javascript:b)"),
        ("[a](data:text/html,b)", "[a](data:text/html,b)"),
        ("[a](/logout/)", "[a](/logout/)"),
        ("[a](//b.com)", "[a](//b.com)"),
        ("<javascript:b>", "&lt;javascript:b&gt;"),
    ],
)
def test_links_lead_only_to_the_web_or_to_mail(body, expected):
    assert html(body) == f"<p>{expected}</p>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("compra $petr4, já", f"compra {chip('PETR4')}, já"),
        ("$PETR4F", chip("PETR4")),
        ("$ELET3", chip("AXIA3")),
        ("**($PETR4)**", f"<strong>({chip('PETR4')})</strong>"),
        ("$XXXX3 $PETR $PETR44", "$XXXX3 $PETR $PETR44"),
        ("R$PETR4 $$PETR4 $PETR4x", "R$PETR4 $$PETR4 $PETR4x"),
        (r"\$PETR4", "$PETR4"),
        ("`$PETR4`", "<code>$PETR4</code>"),
        ("[$PETR4](http://a.b)", link("http://a.b", "$PETR4")),
        ("http://a.b/$PETR4", link(*["http://a.b/$PETR4"] * 2)),
    ],
)
def test_a_known_ticker_becomes_a_chip(body, expected):
    assert html(body) == f"<p>{expected}</p>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("@ana", mention(1, "@ana")),
        ("(@Ana)", f"({mention(1, '@Ana')})"),
        ("@ana.", mention(1, "@ana") + "."),
        ("@ana_maria", mention(2, "@ana_maria")),
        ("@JOÃO", mention(3, "@JOÃO")),
        ("*@ana*", f"<em>{mention(1, '@ana')}</em>"),
        ("@eva", "@eva"),
        ("eva@ana @ana@b.com @ana@", "eva@ana @ana@b.com @ana@"),
        (r"\@ana", "@ana"),
        ("`@ana`", "<code>@ana</code>"),
        ("[@ana](http://a.b)", link("http://a.b", "@ana")),
    ],
)
def test_a_known_name_becomes_a_mention(body, expected):
    assert html(body) == f"<p>{expected}</p>"


def test_tickers_and_names_to_look_up_are_listed():
    body = "$petr4 $PETR4F $XXXX3 $XXXX R$VALE3 @Ana @ana_maria. eva@b.com"
    assert symbols_in(body) == {"PETR4", "PETR4F", "XXXX3", "XXXX"}
    assert mentions_in(body) == {"ana", "ana_maria", "ana_maria."}
    assert len(mentions_in(" ".join(f"@a{n}." for n in range(500)))) == 40


def test_a_profile_url_cannot_break_out_of_its_attribute():
    shown = render("@ana", symbols={}, users={"ana": '"><img src=x>'})
    assert shown == f'<p><a class="mention" href="&quot;&gt;&lt;img src=x&gt;" {REL}>@ana</a></p>'


HOSTILE = [
    *("[", "[]", "![", "[a](", "[a](<b", "[](", "[x", "]", "*", "**a", "_*", "*a_", "**x* *a** "),
    *("`", "`a``b", "~~", "a~~b", ">", "> ", "- ", "1) ", "\\", "&", "&a", "<", "<a", "<http://a"),
    *("http://", "http://a", "://", ":", "http://a:", "(http://a)", "$", "$PETR4", "$PETR4 ", "$A"),
    *("[" + "a" * 12, "[a](b)" + "c" * 8, "![a][" + "b" * 10),  # fewer marks than MAX_MARKS
    *("@", "@a", "@ana ", "@ana.", "a@", "\n", "\n\n", "```\n", "\0", " ", "\t", "&#x", "é", "<b>"),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_is_slow_to_render(piece):
    body = (piece * MAX_BODY)[:MAX_BODY]

    def took_s() -> float:
        began = time.process_time()
        symbols_in(body)
        mentions_in(body)
        html(body)
        return time.process_time() - began

    assert min(took_s() for _ in range(3)) <= 0.05


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*HOSTILE, "a", "<script>", "javascript:", '"', "'"]), max_size=30))
def test_nh3_removes_nothing_more_from_rendered_html(pieces):
    shown = html("".join(pieces))
    assert shown == nh3.clean(
        shown,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="nofollow ugc noopener",
    )
