"""A carteira to try the page with: it goes through the import's preview like a file."""

from decimal import Decimal

from mainapp.portfolio.imports.sheets import Row, Sheet

# Common papers of several sectors and kinds; the prices are near those of 2026.
ROWS = (
    ("ITUB4", "420", "29.80", "8"),
    ("PETR4", "600", "31.15", "6"),
    ("VALE3", "180", "62.40", "6"),
    ("WEGE3", "240", "38.90", "9"),
    ("BBAS3", "500", "25.10", "5"),
    ("ABEV3", "700", "12.95", "4"),
    ("HGLG11", "60", "158.70", "7"),
    ("BOVA11", "80", "121.30", "8"),
)


def example_sheet() -> Sheet:
    """Return the example as a spreadsheet would contain it: its numbers are numbers."""
    header: Row = ["Ativo", "Quantidade", "Preço médio", "Nota"]
    rows: list[Row] = [[symbol, *map(Decimal, amounts)] for symbol, *amounts in ROWS]
    return Sheet(rows=[header, *rows])
