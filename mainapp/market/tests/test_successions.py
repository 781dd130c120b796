"""Successions of codes that no longer trade, and the sentences about them."""

from datetime import date
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation

from mainapp.market.selectors.successions import (
    Step,
    get_succession,
    get_successions,
    succession_notes,
)
from mainapp.market.tests.factories import CorporateEventFactory, StockFactory

pytestmark = pytest.mark.django_db

JUNE = date(2025, 6, 9)


def gone(symbol, became=None, **fields):
    return StockFactory(symbol=symbol, is_active=False, renamed_to=became, **fields)


def event(stock, successor=None, ratio=1, **fields):
    ratio = None if ratio is None else Decimal(str(ratio))
    return CorporateEventFactory(stock=stock, successor=successor, ratio=ratio, **fields)


@pytest.fixture
def jbs():
    new = StockFactory(symbol="JBSS32")
    event(gone("JBSS3", new), new, "0.5", kind="merger", ex_on=JUNE)


@pytest.fixture
def via():
    """VVAR3 became VIIA3, which became BHIA3, of which 25 became one."""
    new = StockFactory(symbol="BHIA3")
    first, second = gone("VVAR3", new), gone("VIIA3", new)
    event(first, second, ex_on=date(2021, 8, 16), strength="single")
    event(second, new, ex_on=date(2023, 9, 20))
    event(new, kind="reverse_split", ratio="0.04", ex_on=date(2023, 12, 15))
    event(new, kind="split", ratio=3, ex_on=date(2020, 1, 2))  # before it was of this code
    event(new, kind="dividend", ratio=None, ex_on=date(2024, 1, 2))


def test_current_and_unknown_codes_have_no_succession(jbs):
    assert get_succession("JBSS32") is None
    assert get_succession("XXXX3") is None
    assert get_succession("no ticker") is None


def test_ratio_is_that_of_the_event(jbs):
    succession = get_succession("JBSS3")

    assert (succession.symbol, succession.ratio, succession.sure) == (
        "JBSS32",
        Decimal("0.5"),
        True,
    )
    assert succession.steps == (
        Step(
            old="JBSS3",
            new="JBSS32",
            date=JUNE,
            ratio=Decimal("0.5"),
            kind="merger",
            strength="several",
        ),
    )
    assert str(succession.ratio) == "0.5"


def test_chain_is_followed_and_later_splits_count(via):
    succession = get_succession("vvar3f")

    assert (succession.symbol, succession.ratio) == ("BHIA3", Decimal("0.04"))
    assert [(step.old, step.new, step.kind) for step in succession.steps] == [
        ("VVAR3", "VIIA3", "rename"),
        ("VIIA3", "BHIA3", "rename"),
        ("BHIA3", "BHIA3", "reverse_split"),
    ]


@pytest.mark.parametrize(
    "fields", [{"ratio": None}, {"is_ratio_sure": False}], ids=["unknown", "approximate"]
)
def test_ratio_of_a_chain_is_unknown_if_that_of_a_step_is(fields):
    new = StockFactory(symbol="ALOS3")
    first, second = gone("BRML3", new), gone("ALSO3", new)
    event(first, second, kind="merger", ex_on=date(2023, 1, 9), **fields)
    event(second, new, ex_on=date(2023, 10, 25))

    assert get_succession("BRML3").ratio is None
    assert get_succession("ALSO3").ratio == 1


def test_split_of_a_new_code_makes_the_ratio_unknown_if_the_days_are_not_known():
    new = StockFactory(symbol="SRNA3")
    event(gone("OMGE3", new), new, ex_on=None)
    event(new, kind="split", ratio=2)

    assert get_succession("OMGE3").ratio is None


def test_announced_split_does_not_count():
    new = StockFactory(symbol="BHIA3")
    event(gone("VIIA3", new), new, ex_on=JUNE)
    event(new, kind="split", ratio=2, ex_on=date(2026, 1, 2), status="announced")

    assert get_succession("VIIA3").ratio == 1


def test_new_code_without_an_event_is_a_step_without_date_and_ratio():
    gone("FBOK34", StockFactory(symbol="M1TA34"))

    succession = get_succession("FBOK34")

    assert (succession.symbol, succession.ratio) == ("M1TA34", None)
    assert [(step.new, step.date) for step in succession.steps] == [("M1TA34", None)]


def test_admins_successor_wins_over_the_events():
    other = StockFactory(symbol="ABCD3")
    event(gone("VIIA3", other), StockFactory(symbol="BHIA3"))

    assert [step.new for step in get_succession("VIIA3").steps] == ["ABCD3"]


def test_code_that_just_ended_has_no_symbol_and_no_ratio():
    event(gone("CIEL3"), kind="delisting", ratio=None, ex_on=date(2024, 8, 26))
    unsure = gone("ADMF3", is_end_sure=False)
    event(unsure, kind="delisting", ratio=None, ex_on=date(2026, 4, 1), is_date_sure=False)

    ended = get_successions(["CIEL3", "ADMF3"])

    assert (ended["CIEL3"].symbol, ended["CIEL3"].ratio, ended["CIEL3"].sure) == (None, None, True)
    assert (ended["ADMF3"].symbol, ended["ADMF3"].sure) == (None, False)


def test_cycle_ends():
    first = gone("AAAA3")
    second = gone("BBBB3", StockFactory(symbol="CCCC3"))
    event(first, second)
    event(second, first)

    assert [step.new for step in get_succession("BBBB3").steps] == ["CCCC3"]


@pytest.mark.parametrize(("symbols", "queries"), [([], 0), (["PETR4"], 1), (["VVAR3", "X"], 2)])
def test_number_of_queries_does_not_depend_on_the_codes(
    via, jbs, symbols, queries, django_assert_num_queries
):
    with django_assert_num_queries(queries):
        get_successions(symbols)
    with django_assert_num_queries(2):
        assert len(get_successions([*symbols, "VVAR3", "VIIA3", "JBSS3"])) == 3


def test_notes_contain_only_known_facts(via, jbs):
    unit, cple3, cple6 = gone("CPLE11"), StockFactory(symbol="CPLE3"), StockFactory(symbol="CPLE6")
    for part in (cple3, cple6):
        event(unit, part, None, kind="merger", ex_on=date(2023, 12, 26))
    event(gone("AESB3"), kind="delisting", ratio=None, ex_on=date(2024, 10, 31))
    tiet = gone("TIET11", StockFactory(symbol="AESB3"))
    event(tiet, StockFactory(symbol="AESB3"), None, ex_on=date(2021, 3, 29))
    event(gone("ADMF3", is_end_sure=False), kind="delisting", ex_on=date(2026, 4, 1))
    gone("AXIA5")
    gone("FBOK34", StockFactory(symbol="M1TA34"))
    codes = [
        "JBSS3",
        "VVAR3",
        "vvar3f",
        "CPLE11",
        "TIET11",
        "AESB3",
        "ADMF3",
        "AXIA5",
        "FBOK34",
        "CPLE3",
        "XXXX3",
    ]

    assert succession_notes(codes) == [
        "JBSS3 virou JBSS32 em 09/06/2025. 1 JBSS3 = 0,5 JBSS32.",
        "VVAR3 virou BHIA3 em 20/09/2023. "
        "1 VVAR3 = 0,04 BHIA3, com os grupamentos e desdobramentos.",
        "CPLE11 virou CPLE3 e CPLE6 em 26/12/2023.",
        "TIET11 virou AESB3, que deixou de ser negociado.",
        "AESB3 deixou de ser negociado em 31/10/2024.",
        "ADMF3 parece ter deixado de ser negociado: última cotação vista em 01/04/2026.",
        "AXIA5 deixou de ser negociado.",
        "FBOK34 virou M1TA34. A proporção da troca não é conhecida.",
    ]
    with translation.override("en"):
        assert succession_notes(["JBSS3"]) == [
            "JBSS3 became JBSS32 on 9 Jun 2025. 1 JBSS3 = 0.5 JBSS32."
        ]


@pytest.mark.parametrize(
    ("value", "count"), [("JBSS3", 1), (["JBSS3", "VVAR3"], 2), (" jbss3f ", 1), ("", 0), (None, 0)]
)
def test_template_tag_accepts_one_code_several_or_none(via, jbs, value, count):
    template = Template("{% load successions %}{% succession_notes codes %}")

    assert template.render(Context({"codes": value})).count('role="status"') == count


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/stockpicker/ALL", {"q": "JBSS3"}),
        ("/stocktracker", {"stockpicker": "JBSS3"}),
        ("/graph", {"ticker": "JBSS3"}),
        ("/stocks/search/", {"q": "JBSS3"}),
        ("/create-alert/", {"ativo": "JBSS3"}),
        ("/create-carteira/", {"ativo": "JBSS3"}),
    ],
)
def test_every_page_that_accepts_a_code_explains_its_succession(
    client, django_user_model, jbs, path, query
):
    client.force_login(django_user_model.objects.create_user("alice"))

    page = client.get(path, query, follow=True)

    assert "JBSS3 virou JBSS32 em 09/06/2025." in page.content.decode()
