"""Recognition of purchases and sales by the words of a column."""

from mainapp.market.symbols import fold
from mainapp.portfolio.imports.sheets import Cell

BOUGHT = {"c", "b", "compra", "compras", "compro", "comprado", "comprada", "buy", "bought", "long",
          "credito", "entrada", "aquisicao", "purchase", "ativo", "ativa", "aberto", "aberta",
          "open"}  # fmt: skip
SOLD = {"v", "s", "d", "venda", "vendas", "vendo", "vendido", "vendida", "sell", "sold", "sale",
        "short", "debito", "saida"}  # fmt: skip


def is_sale(cell: Cell) -> bool | None:
    """Return whether the words mean a sale; None if they mean neither a sale nor a purchase.

    The first word decides: Venda à vista. A single letter counts only if it is the whole text.
    """
    return is_sale_text(fold(str(cell)))


def is_sale_text(folded: str) -> bool | None:
    """Return the same as `is_sale` for a text that is already folded."""
    words = folded.replace("-", " ").replace("/", " ").split()
    if not words or (len(words) > 1 and len(words[0]) == 1):
        return None
    if words[0] in SOLD:
        return True
    return False if words[0] in BOUGHT else None
