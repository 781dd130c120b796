"""The search for a stock among 3,000: one query, beside reading every row and comparing in Python.

Run it by `.venv/bin/python benchmarks/search.py`; it takes a few seconds and a database of its own.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
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
    sys.path.insert(0, str(ROOT))
    import django  # noqa: PLC0415 - after the environment is set

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - after the setup

    from mainapp.market.models import Stock  # noqa: PLC0415 - after the setup
    from mainapp.market.services.catalogue import (  # noqa: PLC0415 - after the setup
        read_papers,
        search_text,
        seed_catalogue,
    )

    call_command("migrate", verbosity=0)
    seed_catalogue(papers=read_papers(ROOT / "data"))
    dice = random.Random(1)  # noqa: S311 - made-up names
    symbols = (f"Z{''.join(letters)}3" for letters in product("ABCDEFGHIJKLMNO", repeat=3))
    missing = STOCKS - Stock.objects.count()
    rows = [
        (symbol, " ".join(dice.sample(WORDS, 4)))
        for symbol, _ in zip(symbols, range(missing), strict=False)
    ]
    Stock.objects.bulk_create(
        Stock(symbol=symbol, name=name, search_text=search_text(symbol, name), kind="ON")
        for symbol, name in rows
    )


def in_python(text: str) -> Sequence[object]:
    """Search as is often done: every row, its accents stripped anew, compared in a loop."""
    from mainapp.market.models import Stock  # noqa: PLC0415 - after the setup
    from mainapp.market.symbols import fold  # noqa: PLC0415 - after the setup

    wanted = fold(text)
    rows = Stock.objects.filter(is_active=True).order_by("symbol")
    return [row for row in rows if wanted in fold(row.symbol) or wanted in fold(row.name)][:10]


def measure(search: Callable[[str], object], rounds: int) -> tuple[float, float]:
    """Return the median and the 95th percentile of all texts' times, in milliseconds."""
    times = []
    for _ in range(rounds):
        for text in TEXTS:
            begun = time.perf_counter()
            search(text)
            times.append((time.perf_counter() - begun) * 1000)
    cuts = statistics.quantiles(times, n=20)
    return statistics.median(times), cuts[-1]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pregao-search-") as folder:
        prepare(folder)
        from mainapp.market.models import Stock  # noqa: PLC0415 - after the setup
        from mainapp.market.selectors.catalogue import search_stocks  # noqa: PLC0415 - likewise

        ours = measure(search_stocks, ROUNDS)
        naive = measure(in_python, 2)
        print(f"search among {Stock.objects.count()} stocks, SQLite, {len(TEXTS)} texts")
        print(f"  one query          p50 {ours[0]:7.2f} ms   p95 {ours[1]:7.2f} ms")
        print(f"  a loop over rows   p50 {naive[0]:7.2f} ms   p95 {naive[1]:7.2f} ms")
        print(
            f"  ratio              p50 {naive[0] / ours[0]:7.1f}      p95 {naive[1] / ours[1]:7.1f}"
        )
        verdict = "met" if ours[1] <= BUDGET_MS else "MISSED"
        print(f"  budget             p95 <= {BUDGET_MS} ms: {verdict}")


if __name__ == "__main__":
    main()
