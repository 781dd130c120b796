from mainapp.market.policies import symbol_limit


def test_symbol_limit_is_higher_for_users():
    assert symbol_limit(is_authenticated=False) == 30
    assert symbol_limit(is_authenticated=True) == 200
