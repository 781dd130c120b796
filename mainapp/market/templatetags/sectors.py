"""Translation of sector names."""

from django import template
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

register = template.Library()

# The labels in the catalogue's data files: "wide" or "wide (narrow)".
WIDE = (
    _("Bens industriais"),
    _("Comunicações"),
    _("Consumo cíclico"),
    _("Consumo não cíclico"),
    _("Financeiro"),
    _("Fundos de índice"),
    _("Fundos imobiliários"),
    _("Imobiliário"),
    _("Materiais básicos"),
    _("Petróleo, gás e biocombustíveis"),
    _("Saúde"),
    _("Tecnologia da informação"),
    _("Utilidade pública"),
    _("Índices"),
)
NARROW = (
    _("aeroespacial"),
    _("concessões"),
    _("locação"),
    _("logística"),
    _("transporte"),
    _("academias"),
    _("aluguel de carros"),
    _("automóveis"),
    _("construção civil"),
    _("educação"),
    _("joias"),
    _("moda"),
    _("restaurantes"),
    _("varejo"),
    _("viagens"),
    _("agro"),
    _("alimentos"),
    _("bebidas"),
    _("higiene"),
    _("varejo alimentar"),
    _("bancos"),
    _("bolsa"),
    _("corretoras"),
    _("holding"),
    _("meios de pagamento"),
    _("seguros"),
    _("ações brasileiras"),
    _("ações estrangeiras"),
    _("criptoativos"),
    _("ouro"),
    _("renda fixa"),
    _("desenvolvimento"),
    _("escritórios"),
    _("fundo de fundos"),
    _("híbrido"),
    _("multiestratégia"),
    _("recebíveis"),
    _("renda urbana"),
    _("shoppings"),
    _("terras agrícolas"),
    _("mineração"),
    _("papel e celulose"),
    _("petroquímica"),
    _("siderurgia"),
    _("farmacêutica"),
    _("farmácias"),
    _("energia"),
    _("saneamento"),
)


@register.filter
def sector_name(label: str) -> str:
    """Translate a sector's label. Labels that only a source uses stay unchanged."""
    wide, separator, narrow = label.removesuffix(")").partition(" (")
    if not separator:
        return gettext(label) if label in WIDE else label
    return f"{sector_name(wide)} ({gettext(narrow) if narrow in NARROW else narrow})"
