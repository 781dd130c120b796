"""The columns of the table of holdings."""

from django.utils.translation import gettext_lazy as _

from mainapp.core.table_view import Table

CARTEIRA_TABLE = Table(
    cookie="CARTEIRA_COOKIE_NAME",
    columns={
        "symbol": _("Ativo"),
        "nota": _("Nota"),
        "quantity": _("Qtde."),
        "price": _("Preço"),
        "average": _("Preço médio"),
        "total": _("Valor"),
        "today": _("No dia"),
        "result": _("Resultado"),
        "actual_pct": _("Atual"),
        "ideal_pct": _("Ideal"),
        "ideal": _("Ideal em R$"),
        "difference": _("Diferença"),
        "order": _("Aporte"),
        "year": _("52 semanas"),
    },
    fixed=("symbol", "price", "total"),
    shown_first=("quantity", "average", "today", "result", "actual_pct", "ideal_pct", "order"),
    unsortable=("symbol",),  # the rows' own order
    texts=("symbol", "order", "year"),
)
