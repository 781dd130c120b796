"""The reasons for refusing a file of B3's history, and their sentences."""

from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError


class FileFault(StrEnum):
    EMPTY = "empty"
    FOREIGN = "foreign"
    ENCODING = "encoding"
    ZIP_DAMAGED = "zip_damaged"
    ZIP_UNSUPPORTED = "zip_unsupported"
    ZIP_FILES = "zip_files"
    TOO_LARGE = "too_large"
    LENGTH = "length"
    TYPE = "type"
    NUMBER = "number"
    DATE = "date"
    FUTURE = "future"
    PRICES = "prices"
    CUT = "cut"
    COUNT = "count"
    AFTER_END = "after_end"


SENTENCES: dict[str, str] = {
    FileFault.EMPTY: _("O arquivo está vazio."),
    FileFault.FOREIGN: _("Isto não é um arquivo COTAHIST da B3: ele deve começar com 00COTAHIST."),
    FileFault.ENCODING: _(
        "O arquivo foi salvo em outra codificação (linha %(line)s). Use o original da B3, sem "
        "abri-lo em outro programa."
    ),
    FileFault.ZIP_DAMAGED: _("O zip está cortado ou danificado. Baixe-o de novo."),
    FileFault.ZIP_UNSUPPORTED: _("O zip usa senha ou um método de compressão que não é o da B3."),
    FileFault.ZIP_FILES: _("O zip deve ter um só arquivo, e este tem %(count)s."),
    FileFault.TOO_LARGE: _("O arquivo passa do limite de %(limit)s GiB, descompactado."),
    FileFault.LENGTH: _("A linha %(line)s tem %(length)s bytes em vez de 245."),
    FileFault.TYPE: _("A linha %(line)s não é um registro de cotação."),
    FileFault.NUMBER: _("A linha %(line)s tem letras onde devia haver números."),
    FileFault.DATE: _("A linha %(line)s tem uma data que não existe."),
    FileFault.FUTURE: _("A linha %(line)s é de %(day)s, um pregão que ainda não terminou."),
    FileFault.PRICES: _("Os preços da linha %(line)s se contradizem: o arquivo foi alterado."),
    FileFault.CUT: _("O arquivo está cortado: falta o registro final, que conta os outros."),
    FileFault.COUNT: _("O registro final conta %(counted)s registros, e o arquivo tem %(found)s."),
    FileFault.AFTER_END: _("O arquivo continua depois do registro final, na linha %(line)s."),
}


class CotahistError(DomainError):
    """A file that is refused as a whole."""

    def __init__(self, fault: FileFault, **params: Any) -> None:
        super().__init__("invalid", SENTENCES[fault], params)
        self.fault = fault
