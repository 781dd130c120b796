"""The preview of an import: tables, columns and choices as the page shows them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mainapp.accounts.models import User
from mainapp.portfolio.forms.transfer import ConfirmForm, ReadingForm, sign_import
from mainapp.portfolio.imports.lots import Fault, Lot
from mainapp.portfolio.imports.numbers import Reading, separators_of
from mainapp.portfolio.imports.reading import ReadTable, State
from mainapp.portfolio.imports.roles import IGNORED
from mainapp.portfolio.imports.sheets import Cell, column_name
from mainapp.portfolio.imports.titles import Role, is_sold_quantity
from mainapp.portfolio.policies import MAX_FAULTS_SHOWN
from mainapp.portfolio.selectors.imports import Change, Import
from mainapp.portfolio.templatetags.carteira import exact

MAX_LINES_SHOWN = 30
MAX_PLACES_SHOWN = 4
# Django refuses forms of more than 1,000 fields.
MAX_COLUMNS_OFFERED = 400

LABELS: dict[Role, str | Promise] = {
    Role.ATIVO: gettext_lazy("Ativo (código)"),
    Role.QUANTIDADE: gettext_lazy("Quantidade"),
    Role.PRECO_MEDIO: gettext_lazy("Preço médio"),
    Role.CUSTO_TOTAL: gettext_lazy("Custo total"),
    Role.NOTA: gettext_lazy("Nota"),
    Role.DATA: gettext_lazy("Data"),
    Role.OPERACAO: gettext_lazy("Compra ou venda"),
    Role.MOEDA: gettext_lazy("Moeda"),
}


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    is_selected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """A column with its choices; `numbers` only if its numbers can be read in two ways."""

    name: str
    letter: str
    title: str
    examples: Sequence[str]
    roles: Sequence[Option]
    is_used: bool
    question: str = ""
    numbers_name: str = ""
    numbers: Sequence[Option] = ()
    numbers_question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """A table, a sentence about its state, and its columns: those in use, and the others."""

    read: ReadTable
    title: str
    sentence: str
    source_name: str
    notes: Sequence[str]
    used: Sequence[ColumnView]
    others: Sequence[ColumnView]

    @property
    def name(self) -> str:
        return f"ler-{self.read.table.key}"

    @property
    def is_excluded(self) -> bool:
        return self.read.state == State.EXCLUDED

    @property
    def may_exclude(self) -> bool:
        return self.read.state != State.ELSEWHERE

    @property
    def is_question(self) -> bool:
        return self.read.has_question or self.read.state == State.INCOMPLETE


def preview_context(
    read: Import, signed_sheets: str, ratios: Mapping[str, str], user: User
) -> dict[str, Any]:
    faults = read.outcome.faults
    tables = table_views(read)
    return {
        "read": read,
        "tables": tables,
        "may_exclude": len(tables) > 1,
        "can_be_read_again": any(table.used or table.others for table in tables),
        "ratios": [
            (code, conversion, ratios.get(f"proporcao-{code}", ""))
            for code, conversion in read.unknown_ratios.items()
        ],
        "unread": [_unread(each.sheet.name, each.sheet.is_hidden) for each in read.unread],
        "changes": [(change, _places(change)) for change in read.changes],
        "new_count": sum(change.held is None for change in read.changes),
        "faults": [(fault, _place(fault)) for fault in faults[:MAX_FAULTS_SHOWN]],
        "fault_count": len(faults),
        "empty": _lines(read, "empty"),
        "skipped": _lines(read, "skipped"),
        "reading_form": ReadingForm(user=user, initial={"planilha": signed_sheets}),
        "form": ConfirmForm(user=user, initial={"linhas": sign_import(read, user)}),
    }


def table_views(read: Import) -> list[TableView]:
    views = []
    offered = 0
    for table in read.tables:
        columns = list(_columns(table)) if table.state != State.ELSEWHERE else []
        columns = columns[: max(0, MAX_COLUMNS_OFFERED - offered)]
        offered += len(columns)
        views.append(
            TableView(
                read=table,
                title=table.table.sheet.name,
                sentence=_sentence(table),
                source_name=_source_name(table),
                notes=_notes(table),
                used=[column for column in columns if column.is_used],
                others=[column for column in columns if not column.is_used],
            )
        )
    return views


def _sentence(table: ReadTable) -> str:
    if table.state == State.ELSEWHERE and table.source:
        return _(table.source.advice)
    if table.state == State.DOUBT:
        return _("Falta decidir uma coluna: responda abaixo e leia de novo.")
    if table.state == State.INCOMPLETE:
        missing = ", ".join(str(LABELS[role]) for role in table.columns.missing)
        return _("Não foi lida: falta %(columns)s. Escolha a coluna abaixo e leia de novo.") % {
            "columns": missing
        }
    if table.state == State.EXCLUDED:
        return _("Fica de fora, como você pediu.")
    if table.has_question:
        return _("Há números com duas leituras: responda abaixo e leia de novo.")
    return _("Lida, com as colunas abaixo.")


def _source_name(table: ReadTable) -> str:
    is_elsewhere = table.state == State.ELSEWHERE
    return _(table.source.name) if is_elsewhere and table.source else ""


def _notes(table: ReadTable) -> list[str]:
    notes = list(dict.fromkeys(table.columns.notes))
    if table.source and table.state != State.ELSEWHERE:
        notes.insert(0, _("Parece %(name)s.") % {"name": _(table.source.name)})
    if Role.CUSTO_TOTAL in table.columns.roles and Role.PRECO_MEDIO not in table.columns.roles:
        notes.append(_("O preço médio é o custo total dividido pela quantidade."))
    notes += [
        _("“%(title)s” não é descontada da quantidade.") % {"title": table.table.title(place)}
        for place in range(table.table.width)
        if table.state == State.READ
        and is_sold_quantity(table.table.header_title(place), table.table.group(place))
    ]
    return notes


def _columns(table: ReadTable) -> Iterator[ColumnView]:
    key, doubts = table.table.key, table.columns.doubts
    for place in range(table.table.full_width):
        examples = list(map(_example, table.examples(place)))
        role = table.columns.role_at(place)
        if not examples and not table.table.header_title(place):
            continue
        questions = [
            f"{LABELS[doubt.role]}: {doubt.text}" for doubt in doubts if place in doubt.places
        ]
        is_beyond = place >= table.table.width > 0
        if is_beyond and role is None and place not in table.columns.ignored:
            questions.append(
                _("Está além do cabeçalho: as linhas com algum valor nela contam como erro.")
            )
        reading = table.readings.get(place, Reading())
        yield ColumnView(
            name=f"coluna-{key}-{place}",
            letter=column_name(place),
            title=table.table.header_title(place),
            examples=examples,
            roles=_role_options(role, is_open=bool(questions)),
            is_used=role is not None or bool(questions),
            question=" ".join(questions),
            numbers_name=f"numeros-{key}-{place}",
            numbers=_number_options(reading),
            numbers_question=_("Como se leem estes números?") if reading.is_open else "",
        )


def _role_options(role: Role | None, *, is_open: bool) -> list[Option]:
    options = [Option("", _("escolha…"), role is None)] if is_open else []
    options.append(Option(IGNORED, _("não usar"), role is None and not is_open))
    return options + [
        Option(each.value, str(label), each == role) for each, label in LABELS.items()
    ]


def _number_options(reading: Reading) -> list[Option]:
    if not reading.example:
        return []
    options = [] if reading.separator else [Option("", _("escolha…"), True)]
    for separator, value, is_thousands in separators_of(reading.example):
        kind = _("milhares") if is_thousands else _("decimais")
        label = _("%(text)s é %(value)s (%(kind)s)") % {
            "text": reading.example.strip(),
            "value": exact(value),
            "kind": kind,
        }
        options.append(Option(separator, label, separator == reading.separator))
    return options


def _example(cell: Cell) -> str:
    return exact(cell) if isinstance(cell, Decimal) else cell.strip()


def _unread(name: str, is_hidden: bool) -> str:
    if is_hidden:
        return _("A aba oculta “%(name)s” não foi lida.") % {"name": name}
    if name:
        return _("A aba “%(name)s” não tem uma tabela de ativos.") % {"name": name}
    return _("O arquivo não tem uma tabela de ativos.")


def _place(row: Lot | Fault) -> str:
    if row.sheet:
        return _("%(sheet)s, linha %(number)s") % {"sheet": row.sheet, "number": row.number}
    return _("Linha %(number)s") % {"number": row.number}


def _places(change: Change) -> str:
    lots = change.merged.lots
    text = "; ".join(map(_place, lots[:MAX_PLACES_SHOWN]))
    return f"{text}; …" if len(lots) > MAX_PLACES_SHOWN else text


def _lines(read: Import, name: str) -> dict[str, Any]:
    """Return the count and the first line numbers of skipped rows."""
    numbers = [
        f"{table.table.sheet.name} {number}".strip()
        for table in read.tables
        for number in getattr(table.rows, name)
    ]
    return {"count": len(numbers), "numbers": numbers[:MAX_LINES_SHOWN]}
