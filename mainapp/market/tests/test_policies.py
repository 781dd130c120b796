from mainapp.market.policies import symbol_limit


def test_symbol_limit_grows_with_a_login():
    assert symbol_limit(is_authenticated=False) == 30
    assert symbol_limit(is_authenticated=True) == 200
