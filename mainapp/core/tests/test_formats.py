import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django.utils.translation import override

from mainapp.core.templatetags import formats

# tests/e2e checks static/mainapp/js/core/number.js against the same cases.
CASES = json.loads((Path(__file__).parent / "formats.json").read_text(encoding="utf-8"))


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("name", "value", "portuguese", "english"),
    [(name, *case) for name, cases in CASES.items() for case in cases],
)
def test_numbers_are_written_in_the_readers_locale(name, value, portuguese, english):
    write = getattr(formats, name)
    if name in {"day", "full_day"}:
        value = datetime.fromisoformat(value)
    with override("pt-br"):
        assert plain(write(value)) == portuguese
    with override("en"):
        assert plain(write(value)) == english


def test_a_float_is_never_written_as_money():
    assert formats.brl(1.1) == formats.NOTHING


@pytest.mark.parametrize(
    ("seconds", "portuguese", "english"),
    [
        (-3, "há 0 s", "0 s ago"),
        (59, "há 59 s", "59 s ago"),
        (60, "há 1 min", "1 min ago"),
        (7200, "há 2 h", "2 h ago"),
        (259_200, "há 3 d", "3 d ago"),
    ],
)
def test_ages_are_in_the_readers_language(seconds, portuguese, english, time_machine):
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    with override("pt-br"):
        assert formats.age(now - timedelta(seconds=seconds)) == portuguese
    with override("en"):
        assert formats.age(now - timedelta(seconds=seconds)) == english


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (10, "10 s"), (900, "15 min"), (7200, "2 h"), (None, formats.NOTHING)],
)
def test_spans_are_short(seconds, text):
    assert formats.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("8.345", "8,35%"), ("-1.5", "\N{MINUS SIGN}1,50%"), (None, formats.NOTHING)],
)
def test_parts_of_a_whole_have_no_plus_sign(value, text):
    assert formats.percentage(value) == text


@pytest.mark.parametrize(
    ("language", "text", "html"),
    [
        ("pt-br", "1.234,50", "1.234<small>,50</small>"),
        ("en", "1,234.50", "1,234<small>.50</small>"),
        ("pt-br", formats.NOTHING, formats.NOTHING),
        ("pt-br", "<b>,1", "&lt;b&gt;<small>,1</small>"),
    ],
)
def test_cents_of_a_large_figure_are_small(language, text, html):
    with override(language):
        assert formats.small_cents(text) == html


@pytest.mark.parametrize(
    ("value", "text"),
    [("1234.5", "+1.234,50"), ("-0.5", "\N{MINUS SIGN}0,50"), ("0", "0,00"), (None, "\N{EN DASH}")],
)
def test_changes_have_their_sign(value, text):
    assert formats.number_change(value) == text


@pytest.mark.parametrize(
    ("time", "portuguese", "english"),
    [
        ("2026-03-10T03:00:00Z", "00:00", "00:00"),  # in São Paulo
        ("2026-03-10T23:59:00Z", "20:59", "20:59"),
        ("2026-03-10T02:59:00Z", "ontem", "yesterday"),
        ("2026-03-08T12:00:00Z", "08/03", "8 Mar"),
        ("2025-12-31T12:00:00Z", "31/12/2025", "31 Dec 2025"),
    ],
)
def test_moments_are_short(time, portuguese, english, time_machine):
    time_machine.move_to("2026-03-10T23:59:00Z", tick=False)
    for language, text in (("pt-br", portuguese), ("en", english)):
        with override(language):
            assert formats.moment(datetime.fromisoformat(time)) == text
    assert formats.moment(None) == formats.NOTHING
