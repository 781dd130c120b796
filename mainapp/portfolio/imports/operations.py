"""Purchases and sales, as the words of a column tell them apart."""

from mainapp.market.symbols import fold
from mainapp.portfolio.imports.sheets import Cell

BOUGHT = {"c", "b", "compra", "compras", "compro", "comprado", "comprada", "buy", "bought", "long",
          "credito", "entrada", "aquisicao", "purchase", "ativo", "ativa", "aberto", "aberta",
          "open"}  # fmt: skip
SOLD = {"v", "s", "d", "venda", "vendas", "vendo", "vendido", "vendida", "sell", "sold", "sale",
        "short", "debito", "saida"}  # fmt: skip


def is_sale(cell: Cell) -> bool | None:
    """Return whether the words mean a sale; None if they mean neither sale nor purchase.

    The first word decides: Venda à vista. A letter must stand alone.
    """
    words = fold(str(cell)).replace("-", " ").replace("/", " ").split()
    if not words or (len(words) > 1 and len(words[0]) == 1):
        return None
    if words[0] in SOLD:
        return True
    return False if words[0] in BOUGHT else None
