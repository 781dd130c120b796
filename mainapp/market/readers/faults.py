"""The reasons for refusing a file of B3's history, each with a sentence."""

from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError

FAULTS = {
    "empty": _("O arquivo está vazio."),
    "foreign": _("Isto não é um arquivo COTAHIST da B3: ele deve começar com 00COTAHIST."),
    "encoding": _(
        "O arquivo foi salvo em outra codificação (linha %(line)s). Use o original da B3, sem "
        "abri-lo em outro programa."
    ),
    "zip_damaged": _("O zip está cortado ou danificado. Baixe-o de novo."),
    "zip_unsupported": _("O zip usa senha ou um método de compressão que não é o da B3."),
    "zip_files": _("O zip deve ter um só arquivo, e este tem %(count)s."),
    "too_large": _("O arquivo passa do limite de %(limit)s GiB, descompactado."),
    "length": _("A linha %(line)s tem %(length)s bytes em vez de 245."),
    "type": _("A linha %(line)s não é um registro de cotação."),
    "number": _("A linha %(line)s tem letras onde devia haver números."),
    "date": _("A linha %(line)s tem uma data que não existe."),
    "future": _("A linha %(line)s é de %(day)s, um pregão que ainda não terminou."),
    "prices": _("Os preços da linha %(line)s se contradizem: o arquivo foi alterado."),
    "cut": _("O arquivo está cortado: falta o registro final, que conta os outros."),
    "count": _("O registro final conta %(counted)s registros, e o arquivo tem %(found)s."),
    "after_end": _("O arquivo continua depois do registro final, na linha %(line)s."),
}


class CotahistError(DomainError):
    """A file that is refused as a whole. `fault` is a key of FAULTS."""

    def __init__(self, fault: str, **params: Any) -> None:
        super().__init__("invalid", FAULTS[fault], params)
        self.fault = fault
