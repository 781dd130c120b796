"""Names of countries: those of which `img/flags.svg` has the flag."""

from django.utils.translation import gettext_lazy as _

# By their codes of ISO 3166-1.
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
