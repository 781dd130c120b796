"""Roles of columns by their titles, in Portuguese and English."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from mainapp.market.symbols import fold


class Role(StrEnum):
    ATIVO = "ativo"
    QUANTIDADE = "quantidade"
    PRECO_MEDIO = "preco_medio"
    CUSTO_TOTAL = "custo_total"
    NOTA = "nota"
    DATA = "data"
    OPERACAO = "operacao"
    MOEDA = "moeda"


EXACT, LIKELY, WEAK = 0, 1, 2  # ranks of a title for a role

# Words that do not change a title's meaning: Preço médio (R$), Preço de compra, Data do negócio.
FILLERS = {
    "r",
    "rs",
    "brl",
    "reais",
    "de",
    "da",
    "do",
    "das",
    "dos",
    "em",
    "por",
    "the",
    "of",
    "per",
}
MAX_TITLE = 60

# The titles of each rank, normalised by `title_words`.
TITLES: dict[Role, dict[int, str]] = {
    Role.ATIVO: {
        EXACT: (
            "ticker|codigo|codigo negociacao|codigo ativo|cod ativo|ativo|ativos|papel|"
            "papeis|symbol|stock|asset|code|ticker symbol|simbolo|tickers"
        ),
        LIKELY: (
            "cod|acao|acoes|fii|fiis|fundo|fundos|etf|bdr|produto|instrumento|instrument|"
            "security|titulo|ativo codigo|codigo b3|nome ativo|ativo nome|codneg|"
            "codigo papel"
        ),
        WEAK: "empresa|investimento|investimentos|descricao|company|name|nome|isin",
    },
    Role.QUANTIDADE: {
        EXACT: (
            "quantidade|qtd|qtde|qt|quant|quantity|qty|shares|units|cotas|unidades|"
            "quantidade total|qtd total|qtde total|total cotas|numero cotas|n cotas|no cotas|"
            "quantidade cotas|quantidade acoes|qtd cotas|qtd acoes|number shares|"
            "total shares|quantidade atual|qtd atual|"
            "total acoes|numero acoes|n acoes|no acoes|unid|holdings|qtd custodia"
        ),
    },
    Role.PRECO_MEDIO: {
        EXACT: (
            "preco medio|pm|p m|p medio|pmedio|preco med|custo medio|valor medio|"
            "preco medio compra|preco medio aquisicao|preco aquisicao|preco compra|"
            "preco pago|custo unitario|average price|avg price|average cost|avg cost|"
            "purchase price|cost share|unit cost|buy price|entry price|price paid|"
            "preco entrada|custo acao|custo cota|average purchase price|avg buy price|"
            "preco custo|cost price|pmc|cotacao media|cost basis share|medio|media"
        ),
        WEAK: (
            "preco|price|preco unitario|preco unit|unit price|valor unitario|preco acao|preco cota"
        ),
    },
    Role.CUSTO_TOTAL: {
        EXACT: (
            "valor investido|total investido|valor aplicado|custo total|total custo|"
            "custo aquisicao|valor aquisicao|valor compra|total compra|total pago|valor pago|"
            "total cost|cost basis|invested|invested amount|amount invested|investido|"
            "aplicado|total aplicado|valor custo|capital investido|montante investido|"
            "book cost|total invested|total cost basis|valor total compra|total gasto|"
            "total aportado|valor aportado|financeiro compra"
        ),
    },
    Role.NOTA: {
        EXACT: "nota|notas|nota 0 a 10|nota 0 10|score|rating|grade",
        WEAK: "peso|weight",
    },
    Role.DATA: {
        EXACT: (
            "data compra|data negocio|trade date|data operacao|purchase date|data pregao|"
            "data aquisicao|data negociacao"
        ),
        LIKELY: "data|date|dt",
    },
    Role.OPERACAO: {
        EXACT: (
            "operacao|tipo operacao|c v|compra venda|lado|side|transaction type|"
            "tipo movimentacao|entrada saida|action|buy sell|d c|c d|"
            "debito credito|credito debito|compra ou venda"
        ),
        WEAK: "tipo|type|movimentacao|natureza|posicao|position|situacao|status",
    },
    Role.MOEDA: {EXACT: "moeda|currency|ccy|moeda ativo|moeda negociacao|moeda preco"},
}
BY_TITLE = {
    role: {title: rank for rank, titles in ranks.items() for title in titles.split("|")}
    for role, ranks in TITLES.items()
}

AVERAGE = {"medio", "media", "average", "avg"}
# Groups of words; a title with a word of every group is likely: Preço médio (abertura), Qtd. livre.
LIKELY_WORDS: dict[Role, list[tuple[set[str], ...]]] = {
    Role.QUANTIDADE: [
        ({"quantidade", "qtd", "qtde", "quantity", "qty", "cotas", "shares", "unidades"},)
    ],
    Role.PRECO_MEDIO: [
        (AVERAGE, {"preco", "custo", "valor", "vlr", "price", "cost", "p", "pr"}),
        ({"pm"},),
        ({"preco", "price"}, {"compra", "aquisicao", "pago", "entrada", "purchase", "buy", "paid"}),
    ],
    Role.CUSTO_TOTAL: [
        ({"investido", "aplicado", "invested"},),
        ({"custo", "cost"}, {"total", "aquisicao"}),
    ],
    Role.OPERACAO: [({"operacao", "movimentacao", "transaction"},)],
    Role.DATA: [({"data", "date"}, {"compra", "negocio", "operacao", "trade", "purchase"})],
}
FOREIGN = {"us", "usd", "dolar", "dollar", "eur", "euro"}
SOLD = {"venda", "vendas", "vendida", "vendidas", "sell", "sold", "sale"}
NOW = {"atual", "current", "mercado", "market", "fechamento", "close", "ultimo", "last", "teto",
       "alvo", "target", "justo", "hoje"}  # fmt: skip
PART = {"indisponivel", "bloqueada", "bloqueado", "pendente", "garantia", "aluguel", "ideal",
        "comprar", "minima", "projetada"}  # fmt: skip
# Words that exclude a title from a role, unless it is exact.
EXCLUDED = {
    Role.QUANTIDADE: SOLD | PART,
    Role.PRECO_MEDIO: SOLD | FOREIGN | NOW,
    Role.CUSTO_TOTAL: SOLD | FOREIGN | NOW,
    Role.DATA: set(),
}


@lru_cache(maxsize=10_000)
def title_words(title: str) -> tuple[str, ...]:
    """Return the words of a title, folded and without fillers; none if it is too long for one."""
    if len(title) > MAX_TITLE:
        return ()
    return tuple(word for word in re.findall(r"[a-z0-9]+", fold(title)) if word not in FILLERS)


@lru_cache(maxsize=10_000)
def roles_of(title: str, group: str = "") -> dict[Role, int]:
    """Return the possible roles of a column's title, each with its rank.

    `group` is the text above the title in a header of several rows: Venda above Preço médio.
    """
    words = title_words(title)
    around = {*words, *title_words(group)}
    roles = {}
    for role, titles in BY_TITLE.items():
        rank = titles.get(" ".join(words), _likely(role, set(words)))
        is_excluded = bool(around & EXCLUDED.get(role, set()))
        if rank is not None and (not is_excluded or _keeps_role(role, words, around)):
            roles[role] = rank
    return roles


def _likely(role: Role, words: set[str]) -> int | None:
    for groups in LIKELY_WORDS.get(role, []):
        if all(words & group for group in groups):
            return LIKELY
    return None


def _keeps_role(role: Role, words: Sequence[str], around: set[str]) -> bool:
    """Return whether a title keeps its role beside words such as `atual`: Preço médio atual."""
    if around & (SOLD | FOREIGN):
        return False
    return " ".join(words) in BY_TITLE[role] or (
        role == Role.PRECO_MEDIO and bool(around & AVERAGE)
    )


def is_sold_quantity(title: str, group: str = "") -> bool:
    """Return whether a column has quantities that were sold: Qtd. vendida, or Venda above Qtd."""
    words = {*title_words(title), *title_words(group)}
    quantities = LIKELY_WORDS[Role.QUANTIDADE][0][0]
    return bool(words & SOLD and words & quantities)
