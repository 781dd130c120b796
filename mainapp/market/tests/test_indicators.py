from mainapp.market.indicators import ranking


def row(price="10.00", change_pct="1.00", volume=100):
    return {"price": price, "change_pct": change_pct, "volume": volume}


def test_ranking_orders_by_turnover_gain_and_loss():
    rows = {
        "PETR4": row("40.00", "1.50", 1_000),
        "VALE3": row("60.00", "-2.00", 1_000),
        "MGLU3": row("9.00", "-0.10", 2_000),
        "ITUB4": row("30.00", "0.20", 10),
    }

    assert ranking(rows) == {
        "traded": ["VALE3", "PETR4", "MGLU3", "ITUB4"],
        "gainers": ["PETR4", "ITUB4"],
        "losers": ["VALE3", "MGLU3"],
    }


def test_ranking_orders_ties_by_symbol_and_limits_its_size():
    rows = {symbol: row() for symbol in ["ZZZZ3", "BBAS3", "ABEV3"]}

    assert ranking(rows, size=2) == {
        "traded": ["ABEV3", "BBAS3"],
        "gainers": ["ABEV3", "BBAS3"],
        "losers": [],
    }


def test_ranking_compares_numbers_instead_of_strings():
    rows = {"AAAA3": row(change_pct="9.00"), "BBBB3": row(change_pct="10.00")}

    assert ranking(rows)["gainers"] == ["BBBB3", "AAAA3"]


def test_ranking_skips_the_index_and_unknown_values():
    rows = {
        "IBOV": row("140000.00", "3.00", 9_000),
        "AAAA3": row(price=None),
        "BBBB3": row(change_pct=None),
        "CCCC3": row(volume=None),
        "DDDD3": row(change_pct="0.00"),
    }

    assert ranking(rows) == {"traded": ["DDDD3"], "gainers": ["CCCC3"], "losers": []}


def test_ranking_without_quotes_is_empty():
    assert ranking({}) == {"traded": [], "gainers": [], "losers": []}
