from decimal import Decimal

import pytest

from mainapp.core.exceptions import DomainError
from mainapp.market.tests.factories import StockFactory
from mainapp.market.watch import needed_symbols
from mainapp.portfolio import services
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.selectors import needed_symbols as held_symbols
from mainapp.portfolio.services import (
    AlreadyHeld,
    NewRow,
    TooManyRows,
    create_row,
    delete_row,
    import_rows,
    record_buy,
    record_sale,
    update_row,
)
from mainapp.portfolio.tests.saved import held

D = Decimal


@pytest.fixture
def petr4(db):
    return StockFactory(symbol="PETR4")


@pytest.fixture
def row(alice, petr4):
    return make_row(alice, petr4)


def make_row(owner, stock, quantidade="100", preco_medio="30", nota=5):
    return create_row(
        owner=owner,
        ativo=stock,
        quantidade=D(quantidade),
        preco_medio=D(preco_medio),
        nota=nota,
    )


def test_stock_has_one_row_per_user(alice, bob, petr4, row):
    with pytest.raises(AlreadyHeld) as refused:
        make_row(alice, petr4)

    assert refused.value.row_pk == row.pk
    make_row(bob, petr4)


def test_number_of_rows_is_limited(alice, row, monkeypatch):
    monkeypatch.setattr(services, "MAX_ROWS", 1)
    with pytest.raises(TooManyRows):
        make_row(alice, StockFactory())


def test_amounts_keep_eight_places(alice, petr4):
    row = make_row(alice, petr4, "9999999999.99999999", "0.00000001")
    row.refresh_from_db()
    assert (row.quantidade, row.preco_medio) == (D("9999999999.99999999"), D("0.00000001"))


def test_purchase_changes_the_average_and_a_partial_sale_does_not(alice, row):
    record_buy(row=row, quantity=D(100), price=D("36"), costs=D("1"))
    assert held(alice) == {"PETR4": (200, D("33.005"), 5)}

    record_sale(row=row, quantity=D("50.5"))
    assert held(alice) == {"PETR4": (D("149.5"), D("33.005"), 5)}


def test_selling_out_keeps_the_row_and_resets_its_average(alice, row):
    record_sale(row=row, quantity=D(100))
    assert held(alice) == {"PETR4": (0, 0, 5)}


def test_row_set_to_quantity_zero_has_no_average(alice, row):
    update_row(row=row, preco_medio=D(30), quantidade=D(0), nota=8)
    assert held(alice) == {"PETR4": (0, 0, 8)}


def test_sale_of_more_than_held_is_refused(alice, row):
    with pytest.raises(DomainError, match="tanto para vender"):
        record_sale(row=row, quantity=D("100.00000001"))
    assert held(alice) == {"PETR4": (100, 30, 5)}


def test_purchase_beyond_the_largest_amount_is_refused(alice, row):
    with pytest.raises(DomainError, match="não cabe"):
        record_buy(row=row, quantity=D("9999999999"), price=D(1), costs=D(0))
    assert held(alice) == {"PETR4": (100, 30, 5)}


def test_deleted_row_accepts_no_trades(alice, row):
    delete_row(row=row)
    delete_row(row=row)

    with pytest.raises(DomainError):
        record_sale(row=row, quantity=D(1))
    with pytest.raises(DomainError):
        update_row(row=row, preco_medio=D(1), quantidade=D(1), nota=1)


def test_trade_starts_from_the_stored_position(alice, row):
    stale = Carteira.objects.get(pk=row.pk)
    record_sale(row=row, quantity=D(60))
    record_sale(row=stale, quantity=D(40))

    assert held(alice) == {"PETR4": (0, 0, 5)}


def test_import_updates_its_rows_and_leaves_the_others(alice, bob, petr4, row):
    vale3, itub4 = StockFactory(symbol="VALE3"), StockFactory(symbol="ITUB4")
    make_row(alice, vale3, nota=9)
    make_row(bob, vale3)
    rows = [
        NewRow(stock=vale3, quantidade=D(7), preco_medio=D("61.3")),
        NewRow(stock=itub4, quantidade=D(1), preco_medio=D(2)),
    ]

    done = import_rows(owner=alice, rows=rows)

    assert (done.created, done.updated, done.deleted) == (1, 1, 0)
    assert held(alice) == {"PETR4": (100, 30, 5), "VALE3": (7, D("61.3"), 9), "ITUB4": (1, 2, 0)}
    assert held(bob) == {"VALE3": (100, 30, 5)}


def test_import_deletes_the_rows_that_its_preview_showed(alice, bob, petr4, row):
    make_row(bob, petr4)
    vale3 = StockFactory(symbol="VALE3")
    make_row(alice, StockFactory(symbol="ITUB4"))
    rows = [NewRow(stock=vale3, quantidade=D(0), preco_medio=D("61.3"), nota=3)]

    for _ in range(2):
        import_rows(owner=alice, rows=rows, deleted=["PETR4", "VALE3", "HGLG11"])

    assert held(alice) == {"VALE3": (0, 0, 3), "ITUB4": (100, 30, 5)}
    assert held(bob) == {"PETR4": (100, 30, 5)}


def test_import_beyond_the_limit_changes_nothing(alice, row, monkeypatch):
    monkeypatch.setattr(services, "MAX_ROWS", 2)
    rows = [NewRow(stock=StockFactory(), quantidade=D(1), preco_medio=D(1)) for _ in range(2)]

    with pytest.raises(TooManyRows):
        import_rows(owner=alice, rows=rows)

    assert held(alice) == {"PETR4": (100, 30, 5)}


def test_holdings_of_active_users_are_watched(alice, bob, petr4, row, django_assert_num_queries):
    vale3 = StockFactory(symbol="VALE3")
    make_row(bob, vale3)
    make_row(bob, petr4)
    with django_assert_num_queries(1):
        from_portfolios = held_symbols()
    assert set(from_portfolios) == {"PETR4", "VALE3"}
    assert needed_symbols() >= {"PETR4", "VALE3"}

    bob.is_active = False
    bob.save()
    assert set(held_symbols()) == {"PETR4"}


def test_codes_that_ended_are_not_watched(alice):
    make_row(alice, StockFactory(symbol="CIEL3", is_active=False))

    assert not held_symbols()
