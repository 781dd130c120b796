"""Checks of every template: translatable text, no inline scripts or styles."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType

TEMPLATES = Path(settings.BASE_DIR) / "templates"
GUIDE = TEMPLATES / "mainapp/parts/styleguide.html"  # for developers
PAGES = sorted(path for path in TEMPLATES.glob("**/*.html") if path != GUIDE)
MAILS = {TEMPLATES / "mainapp/core/mail_base.html"}  # no mail program reads a stylesheet
NAMES = {"Pregão", "IBOV", "Ibovespa"}  # the same in every language
TEXT_ATTRIBUTES = {"alt", "aria-description", "aria-label", "data-label", "placeholder", "title"}
WORD = re.compile(r"[^\W\d_]{2,}")


class VisibleText(HTMLParser):
    """Collects the text that is visible or read by screen readers."""

    def __init__(self):
        super().__init__()
        self.texts = []
        self.inside = []

    def handle_starttag(self, tag, attrs):
        self.inside.append(tag)
        self.texts += [value for name, value in attrs if name in TEXT_ATTRIBUTES and value]

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self.inside[-1:]):
            self.texts.append(data)


def untranslated(source: str) -> list[str]:
    """Return the visible words of a template outside its translation tags."""
    outside, text = True, ""
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.split_contents()[0]
            if name in {"blocktranslate", "blocktrans", "comment"}:
                outside = False
            elif name in {"endblocktranslate", "endblocktrans", "endcomment"}:
                outside = True
        elif token.token_type == TokenType.TEXT and outside:
            text += token.contents
    parser = VisibleText()
    parser.feed(text)
    words = {word for piece in parser.texts for word in WORD.findall(piece)}
    return sorted(words - NAMES)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_visible_text_is_translatable(path):
    assert untranslated(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Olá</p>", ["Olá"]),
        ('<a title="Ver {{ x }}">{{ y }}</a>', ["Ver"]),
        ("{% load i18n %}<p>{% translate 'Olá' %} · 3</p>", []),
        ("{% blocktranslate %}Olá {{ x }}{% endblocktranslate %}", []),
        ("{% comment %}why{% endcomment %}{# why #}", []),
    ],
)
def test_the_scanner_finds_untranslated_words(source, words):
    assert untranslated(source) == words


@pytest.mark.parametrize(
    "path", sorted({*PAGES} - MAILS), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_no_scripts_or_styles_are_inline(path):
    source = path.read_text(encoding="utf-8")

    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=.js:", source) == []
    assert [tag for tag in re.findall(r"<script[^>]*>", source) if "src=" not in tag] == []


# Keys and numbers of rows: a template would write 12345 as 12.345, which no script or view reads.
KEY = (
    r"(?:[\w.]*\.)?(?:pk|seq|revision|last_seq|read_seq|earlier|later)"
    r"|[\w.]*(?<!client)(?<!auto)(?<!request)_id"
)
GROUPED_KEY = re.compile(rf"{{{{ (?:{KEY})(?:\|(?!stringformat)[^ }}]*)? }}}}")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_keys_are_written_without_separators(path):
    grouped = GROUPED_KEY.findall(path.read_text(encoding="utf-8"))

    assert [key for key in grouped if "stringformat" not in key] == []


def test_the_scanner_finds_keys_that_would_be_grouped():
    source = (
        "{{ room.pk }} {{ pk|default:0 }} {{ user_id }} {{ a.pk|stringformat:'d' }} {{ client_id }}"
    )

    assert GROUPED_KEY.findall(source) == ["{{ room.pk }}", "{{ pk|default:0 }}", "{{ user_id }}"]
