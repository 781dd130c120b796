import pytest

from mainapp.market.tests.factories import StockFactory


@pytest.fixture(autouse=True)
def reports_dir(settings, tmp_path):
    settings.REPORTS_DIR = tmp_path / "reports"
    return settings.REPORTS_DIR


@pytest.fixture
def stock(db):
    return StockFactory(symbol="PETR4")
