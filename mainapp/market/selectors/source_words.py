"""Names and failures of sources, in words for users."""

from django.utils.translation import gettext as _


def source_label(name: str) -> str:
    """Return the name of a source for users."""
    return {
        "brapi": "brapi.dev",
        "yahoo": "Yahoo Finance",
        "yahoo_fin": "yahoo_fin",
        "fmp": "Financial Modeling Prep",
        "binance": "Binance",
        "simulated": _("Mercado simulado"),
        "replay": _("Pregão repetido"),
    }.get(name, name)


def source_about(name: str) -> str:
    """Return what a source gives, in a sentence."""
    return {
        "brapi": _("Traz muitos ativos por chamada; o plano contratado limita as chamadas do mês."),
        "yahoo": _(
            "Traz todos os ativos numa chamada; as cotações da B3 chegam 15 minutos depois."
        ),
        "yahoo_fin": _(
            "Biblioteca antiga que lê as páginas do Yahoo; fica por último, de reserva."
        ),
        "binance": _("Traz criptomoedas em reais, na hora; a bolsa, não."),
        "fmp": _("Traz muitos ativos por chamada; os da B3 só num plano pago, com cota por dia."),
        "simulated": _("Preços inventados por este servidor, para experimentar. Nenhum é real."),
        "replay": _("Preços de um pregão passado, repetidos para treinar. Nenhum é de agora."),
    }.get(name, "")


def fault_words(fault: str) -> str:
    """Return why a source failed."""
    return {
        "": "",
        "timeout": _("não respondeu a tempo"),
        "unreachable": _("não foi possível conectar"),
        "rate_limited": _("recusou: pedidos demais"),
        "unauthorized": _("recusou o acesso: confira o token e o endereço"),
        "server_error": _("está com defeito do lado dela"),
        "bad_reply": _("respondeu algo diferente do que documenta"),
        "refused": _("recusou: não faz parte do plano, ou o pedido é inválido"),
        "not_given": _("não tem o que foi pedido"),
    }.get(fault, _("falhou"))
