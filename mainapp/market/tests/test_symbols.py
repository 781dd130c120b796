"""Tests of the ticker grammar, and of the folding of text for search."""

import re
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainapp.market.symbols import Ticker, canonical, fold, parse

SUFFIXES = [*"123456789", *(str(n) for n in (*range(10, 17), *range(31, 40), 53, 54, 97, 98, 99))]
ROOTS = st.text(string.ascii_uppercase + string.digits, min_size=4, max_size=4).filter(
    lambda root: not root.isdigit()
)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("PETR4", "PETR4"),
        ("petr4", "PETR4"),
        ("  Petr4 ", "PETR4"),
        ("PETR4F", "PETR4"),
        ("petr4f", "PETR4"),
        ("B3SA3", "B3SA3"),
        ("5GTK11", "5GTK11"),
        ("5GTK11F", "5GTK11"),
        ("TAEE11", "TAEE11"),
        ("JBSS32", "JBSS32"),
        ("MRSA3B", "MRSA3B"),
        ("MRSA3BF", "MRSA3B"),
        ("B5P211", "B5P211"),
        ("M1TA34", "M1TA34"),
        ("ABCD15", "ABCD15"),
        ("RTEL16", "RTEL16"),
        ("AZUL53", "AZUL53"),
        ("AZUL99", "AZUL99"),
        ("IBOV", "IBOV"),
        ("ibov", "IBOV"),
    ],
)
def test_canonical_accepts_tickers(text, symbol):
    assert canonical(text) == symbol


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "PETR",
        "PET4",
        "PETRO4",
        "1234",
        "12343",  # no letter among the first four
        "PETR0",
        "PETR17",
        "PETR20",
        "PETR30",
        "PETR40",
        "PETR111",
        "PETR4FB",
        "PETR4FF",
        "PETR4BB",
        "PETR4.SA",
        "^BVSP",
        "IBOVF",
        "IBOV3F3",
        "PETR4\n",
        "\nPETR4",
        "PETR4\x00",
        "PE\x00TR4",
        "\tPETR4",
        "PETR\uff14",  # a full-width 4
        "\uff30ETR4",  # a full-width P
        "PETR\u0664",  # an Arabic 4
        "\u017fUZB3",  # a long s, which becomes S in upper case
        "PETR4\u00a0",
        "\ud800ETR4",
        "PETR4,VALE3",
        "PETR4 VALE3",
    ],
)
def test_canonical_refuses_other_text(text):
    assert canonical(text) is None


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("PETR3", ("ON",)),
        ("PETR4", ("PN",)),
        ("BRKM5", ("PN",)),
        ("ELET6", ("PN",)),
        ("AXIA7", ("PN",)),
        ("ABCD8", ("PN",)),
        ("TAEE11", ("UNIT", "ETF", "FII")),
        ("AAPL34", ("BDR",)),
        ("JBSS32", ("BDR",)),
        ("ABCD39", ("BDR",)),
        ("MRSA3B", ("ON",)),
        ("IBOV", ("INDEX",)),
        ("PETR1", ()),
        ("PETR2", ()),
        ("PETR9", ()),
        ("PETR10", ()),
        ("HGLG12", ()),
    ],
)
def test_kinds_depend_on_the_suffix(text, kinds):
    ticker = parse(text)

    assert ticker
    assert ticker.kinds == kinds


def test_parse_recognises_a_fractional_ticker():
    assert parse("petr4f") == Ticker(symbol="PETR4", root="PETR", suffix="4", is_fractional=True)
    assert parse("PETR4") == Ticker(symbol="PETR4", root="PETR", suffix="4", is_fractional=False)


@given(root=ROOTS, suffix=st.sampled_from(SUFFIXES), counter=st.sampled_from(["", "B"]))
def test_canonical_maps_any_ticker_and_its_fractional_form_to_the_ticker(root, suffix, counter):
    symbol = root + suffix + counter

    assert canonical(symbol) == canonical(symbol.lower()) == canonical(f"{symbol}F") == symbol


@given(st.text(max_size=9) | st.from_regex(r"[A-Z0-9]{4}[0-9]{1,2}[A-Z\n]{0,2}"))
def test_canonical_accepts_exactly_the_grammar(text):
    symbol = canonical(text)

    letter = re.search(r"^[0-9]{0,3}[A-Z]", text.strip(" ").upper())
    grammar = re.compile(
        r"\A *[A-Z0-9]{4}(3[1-9]|1[0-6]?|5[34]|9[7-9]|[2-9])B?F? *\Z", re.IGNORECASE | re.ASCII
    )
    expected = text.strip(" ").lower() == "ibov" or bool(grammar.match(text) and letter)
    assert (symbol is not None) == expected


@given(st.text())
def test_canonical_is_idempotent(text):
    symbol = canonical(text)

    assert symbol is None or canonical(symbol) == symbol


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Itaú Unibanco", "itau unibanco"),
        ("  São   Carlos ", "sao carlos"),
        ("C&A Modas", "c&a modas"),
        ("Rede D\u2019Or", "rede d'or"),
        ("AÇÃO\x00\n\tPN", "acao pn"),
        ("\ud800", ""),
        ("\uff30ETR\uff14", "petr4"),
    ],
)
def test_fold_normalises_text(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_fold_removes_control_characters_and_outer_spaces(text):
    folded = fold(text)

    assert not any(unicodedata.category(letter)[0] == "C" for letter in folded)
    assert folded == folded.strip()
    folded.encode()
