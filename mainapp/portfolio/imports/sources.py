"""Files of B3 and other services, recognised by the titles of their columns.

B3's names and columns are those of the Área do Investidor as of 2026. The names of the sheets are
not used, because two different reports have a sheet called Movimentação.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from mainapp.portfolio.imports.titles import Role, title_words


@dataclass(frozen=True, slots=True)
class Source:
    """A known kind of table. `advice` explains to the user why it is not a portfolio.

    Without `advice` the table is imported like any other.
    """

    name: str
    titles: tuple[str, ...]
    advice: str = ""


LEDGER = _(
    "Não é uma carteira, e sim uma lista de operações, própria do livro de operações, que ainda "
    "não existe aqui. Para a carteira, envie uma planilha com quantidade e preço médio."
)
INCOME = _(
    "Não é uma carteira, e sim uma lista de proventos, própria do livro de operações, que ainda "
    "não existe aqui."
)
POSITION = _(
    "Traz as quantidades, mas não o preço médio: serve para conferir o livro de operações, que "
    "ainda não existe aqui. Para importar, acrescente uma coluna Preço médio."
)
FIXED_INCOME = _("São investimentos que não são negociados em bolsa: a carteira não os guarda.")
LOANS = _("São ações emprestadas: a carteira guarda o que é seu, com o preço médio.")

SOURCES = (
    Source(
        _("Negociação, da Área do Investidor da B3"),
        ("data negocio", "tipo movimentacao", "codigo negociacao", "quantidade", "preco"),
        LEDGER,
    ),
    Source(
        _("Ofertas Públicas, da Área do Investidor da B3"),
        ("data liquidacao", "oferta", "quantidade reservada"),
        LEDGER,
    ),
    Source(
        _("Movimentação, da Área do Investidor da B3"),
        ("entrada saida", "data", "movimentacao", "produto", "quantidade"),
        LEDGER,
    ),
    Source(
        _("Negociações do Relatório Consolidado da B3"),
        ("codigo negociacao", "quantidade compra", "quantidade venda", "quantidade liquida"),
        LEDGER,
    ),
    Source(
        _("Eventos Provisionados, da Área do Investidor da B3"),
        ("produto", "tipo evento", "previsao pagamento"),
        INCOME,
    ),
    Source(
        _("Proventos Recebidos, da Área do Investidor da B3"),
        ("produto", "tipo evento", "valor liquido"),
        INCOME,
    ),
    Source(
        _("Empréstimos, da Área do Investidor da B3"),
        ("produto", "natureza", "numero contrato", "quantidade"),
        LOANS,
    ),
    Source(
        _("Renda Fixa, da Área do Investidor da B3"),
        ("produto", "emissor", "indexador", "quantidade"),
        FIXED_INCOME,
    ),
    Source(
        _("Tesouro Direto, da Área do Investidor da B3"),
        ("produto", "indexador", "vencimento", "valor aplicado"),
        FIXED_INCOME,
    ),
    Source(
        _("Posição, da Área do Investidor da B3"),
        ("produto", "instituicao", "codigo negociacao", "quantidade disponivel"),
        POSITION,
    ),
    Source(
        _("uma carteira do Yahoo Finance"),
        ("symbol", "current price", "trade date", "quantity", "commission"),
    ),
    Source(
        _("uma carteira exportada daqui"), ("ativo", "nome", "quantidade", "preco medio", "nota")
    ),
    Source(
        _("uma carteira exportada daqui"),
        ("ticker", "name", "quantity", "average price", "rating"),
    ),
)


def source_of(titles: Iterable[str]) -> Source | None:
    """Return the first source all of whose titles are present."""
    present = {" ".join(title_words(title)) for title in titles}
    return next((each for each in SOURCES if present.issuperset(each.titles)), None)


def is_portfolio(source: Source | None, roles: set[Role]) -> bool:
    """Return whether to import the table. Posição is one once its user has added a preço médio."""
    if source is None or not source.advice:
        return True
    return source.advice == POSITION and Role.PRECO_MEDIO in roles
