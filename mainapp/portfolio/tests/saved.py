"""The saved rows of a portfolio, as tests compare them."""

from mainapp.portfolio.models import Carteira


def held(owner):
    """Return {symbol: (quantity, average price, nota)}."""
    return {
        row.ativo.symbol: (row.quantidade, row.preco_medio, row.nota)
        for row in Carteira.objects.filter(owner=owner).select_related("ativo")
    }
