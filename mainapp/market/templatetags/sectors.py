"""Names of sectors, kinds and stocks for pages, with words for those that are not known."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

register = template.Library()

# The labels in the catalogue's data files.
SECTORS = (
    # of stocks and BDRs
    _("Bens Industriais"),
    _("Comunicações"),
    _("Consumo Cíclico"),
    _("Consumo não Cíclico"),
    _("Financeiro"),
    _("Materiais Básicos"),
    _("Petróleo, Gás e Biocombustíveis"),
    _("Saúde"),
    _("Tecnologia da Informação"),
    _("Utilidade Pública"),
    # of funds
    _("Agro"),
    _("Ações Brasil"),
    _("Desenvolvimento"),
    _("Educacional"),
    _("Escritórios"),
    _("Exterior, cripto e commodities"),
    _("Fundo de fundos"),
    _("Hotéis"),
    _("Híbrido"),
    _("Infraestrutura"),
    _("Logística"),
    _("Recebíveis"),
    _("Renda fixa"),
    _("Residencial"),
    _("Shoppings"),
    _("Varejo"),
    _("Criptomoedas"),
    _("Índices"),
)


@register.filter
def sector_name(label: str) -> str:
    """Translate a sector's label. Labels that only a source uses stay unchanged."""
    return gettext(label) if label in SECTORS else label


@register.filter
def kind_name(kind: str) -> str:
    """Return the short name of a kind: ON, FII, BDR de ETF."""
    names = {
        "BDR_ETF": gettext("BDR de ETF"),
        "FI_INFRA": gettext("FI-Infra"),
        "CRYPTO": gettext("Cripto"),
        "FIAGRO": gettext("Fiagro"),
        "FUND": gettext("Fundo"),
        "RIGHT": gettext("Direito"),
        "INDEX": gettext("Índice"),
        "": gettext("tipo desconhecido"),
    }
    return names.get(kind, kind)


@register.filter
def kind_beside_name(kind: str) -> str:
    """Return the short name of a kind; "" for ON, PN and UNT, which names of stocks end in."""
    return "" if kind in ("ON", "PN", "UNT") else kind_name(kind)


@register.filter
def stock_name(stock: Any) -> str:
    """Return the name of a stock with `symbol` and `name`."""
    return gettext("nome desconhecido") if stock.name == stock.symbol else stock.name


@register.filter
def ratio(number: Decimal) -> str:
    """Format a ratio without trailing zeros: 0.8521000 as 0,8521."""
    return number_format(Decimal(f"{number.normalize():f}"), use_l10n=True)
