"""Search for a stock among 3,000: one query, compared with a loop over all rows in Python."""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rig.processes import ROOT
from benchmarks.rig.readings import Tally, percentile

STOCKS = 3000
ROUNDS = 15
BUDGET_MS = 20
TEXTS = (
    *("itau", "petr4", "petr4f", "ELET3", "vale", "banco", "brasil", "bras", "energia"),
    *("fundo imobiliario", "a", "11", "b3", "mercado livre", "reconcavo", "xyzzy", "%", "S&P 500"),
)
WORDS = (
    *("Banco", "Energia", "Fundo", "Imobiliário", "Brasil", "Logística", "São", "Paulo"),
    *("Participações", "Companhia", "Recebíveis", "Construção", "Índice", "Saúde", "Alimentos"),
)


def prepare(folder: str) -> None:
    """Start Django on an SQLite database in `folder` and fill it with 3,000 stocks."""
    os.environ |= {
        "DEBUG": "0",
        "SECRET_KEY": "benchmark",
        "DATA_DIR": folder,
        "DATABASE_URL": f"sqlite:///{folder}/search.sqlite3",
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }
    import django  # noqa: PLC0415 - after the environment is set

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - after the setup

    from mainapp.market.models import Stock  # noqa: PLC0415 - after the setup
    from mainapp.market.services.catalogue import (  # noqa: PLC0415 - after the setup
        load_data,
        search_text,
    )

    call_command("migrate", verbosity=0)
    load_data(ROOT / "data")
    rng = random.Random(1)  # noqa: S311 - made-up names
    symbols = (f"Z{''.join(letters)}3" for letters in product("ABCDEFGHIJKLMNO", repeat=3))
    missing = STOCKS - Stock.objects.count()
    rows = [
        (symbol, " ".join(rng.sample(WORDS, 4)))
        for symbol, _ in zip(symbols, range(missing), strict=False)
    ]
    Stock.objects.bulk_create(
        Stock(symbol=symbol, name=name, search_text=search_text(symbol, name), kind="ON")
        for symbol, name in rows
    )


def search_in_python(text: str) -> Sequence[object]:
    """Search the usual way: read every row, strip its accents and compare in a loop."""
    from mainapp.market.models import Stock  # noqa: PLC0415 - after the setup
    from mainapp.market.symbols import fold  # noqa: PLC0415 - after the setup

    query = fold(text)
    rows = Stock.objects.filter(is_active=True).order_by("symbol")
    return [row for row in rows if query in fold(row.symbol) or query in fold(row.name)][:10]


def measure(search: Callable[[str], object], rounds: int) -> tuple[float, float]:
    """Return the median and the 95th percentile in milliseconds over all search terms."""
    times = []
    for _ in range(rounds):
        for text in TEXTS:
            started_at = time.perf_counter()
            search(text)
            times.append((time.perf_counter() - started_at) * 1000)
    return statistics.median(times), percentile(times, 95)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pregao-search-") as folder:
        prepare(folder)
        from mainapp.market.models import Stock  # noqa: PLC0415 - after the setup
        from mainapp.market.selectors.catalogue import search_stocks  # noqa: PLC0415 - as above

        tally = Tally(f"search among {Stock.objects.count()} stocks, SQLite, {len(TEXTS)} texts")
        query, naive = measure(search_stocks, ROUNDS), measure(search_in_python, 2)
        tally.line("one query, median", query[0], "ms")
        tally.line("one query, p95", query[1], "ms", BUDGET_MS)
        tally.line("a loop over all rows, p95", naive[1], "ms")
        tally.ratio("the loop over the query, p95", naive[1], query[1])
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
