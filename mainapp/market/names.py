"""Names of the countries whose flags are in `img/flags.svg`."""

from django.utils.translation import gettext_lazy as _

# Keys are codes of ISO 3166-1.
COUNTRIES = {
    "AR": _("Argentina"),
    "BE": _("Bélgica"),
    "BR": _("Brasil"),
    "CA": _("Canadá"),
    "CH": _("Suíça"),
    "CL": _("Chile"),
    "CN": _("China"),
    "DE": _("Alemanha"),
    "DK": _("Dinamarca"),
    "ES": _("Espanha"),
    "FI": _("Finlândia"),
    "FR": _("França"),
    "GB": _("Reino Unido"),
    "IE": _("Irlanda"),
    "IL": _("Israel"),
    "IN": _("Índia"),
    "IT": _("Itália"),
    "JP": _("Japão"),
    "LU": _("Luxemburgo"),
    "NL": _("Países Baixos"),
    "NO": _("Noruega"),
    "SE": _("Suécia"),
    "TW": _("Taiwan"),
    "US": _("Estados Unidos"),
}
