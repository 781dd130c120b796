"""Export of a portfolio to a file, and import from one after a preview."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.models import User
from mainapp.accounts.policies import UPLOADS, MemberRequest
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.limits import of_user
from mainapp.core.limits.database_store import consume_stored
from mainapp.portfolio.forms.transfer import ConfirmForm, UploadForm, sign_rows
from mainapp.portfolio.policies import MAX_FILE_BYTES, MAX_FILE_ROWS, MAX_ROWS
from mainapp.portfolio.selectors import holdings_of
from mainapp.portfolio.serializers.holdings import ReadFile, read_file, write_file
from mainapp.portfolio.services import Imported, NewRow, import_rows
from mainapp.portfolio.valuation import Holding

MAX_ERRORS_SHOWN = 100
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the file and the present row of its stock, if any; `nota` is the resulting one."""

    new: NewRow
    held: Holding | None

    @property
    def nota(self) -> int:
        if self.new.nota is not None:
            return self.new.nota
        return self.held.nota if self.held else 0

    @property
    def is_same(self) -> bool:
        return self.held is not None and (
            (self.held.quantidade, self.held.preco_medio, self.held.nota)
            == (self.new.quantidade, self.new.preco_medio, self.nota)
        )


@never_cache
def export_carteira(request: MemberRequest) -> HttpResponse:
    kind = request.GET.get("formato", "csv")
    if kind not in CONTENT_TYPES:
        raise Http404
    with shown_as_message(request):
        response = HttpResponse(
            write_file(kind, holdings_of(request.user)), content_type=CONTENT_TYPES[kind]
        )
        name = f"carteira-{timezone.localdate().isoformat()}.{kind}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return redirect("carteira")


def import_carteira(request: MemberRequest) -> HttpResponse:
    if request.method != "POST":
        return _show_upload(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        with shown_in_form(form, "arquivo"):
            consume_stored(UPLOADS, of_user(request.user), at=timezone.now())
            file = read_file(form.cleaned_data["arquivo"].read())
            return render(
                request, "mainapp/portfolio/import_preview.html", _preview(file, request.user)
            )
    return _show_upload(request, form)


def confirm_import(request: MemberRequest) -> HttpResponse:
    form = ConfirmForm(request.POST, user=request.user)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect("import-carteira")
    with shown_as_message(request):
        imported = import_rows(
            owner=request.user,
            rows=form.cleaned_data["linhas"],
            is_replacing=form.cleaned_data["modo"] == "substituir",
        )
        messages.success(request, _summary(imported))
        return redirect("carteira")
    return redirect("import-carteira")


def _show_upload(request: MemberRequest, form: UploadForm) -> HttpResponse:
    context = {
        "form": form,
        "max_bytes": MAX_FILE_BYTES,
        "max_file_rows": MAX_FILE_ROWS,
        "max_rows": MAX_ROWS,
    }
    return render(request, "mainapp/portfolio/import.html", context)


def _preview(file: ReadFile, user: User) -> dict[str, Any]:
    held = {holding.symbol: holding for holding in holdings_of(user)}
    changes = [Change(row, held.get(row.stock.symbol)) for row in file.rows]
    named = {row.stock.symbol for row in file.rows}
    return {
        "changes": changes,
        "new_count": sum(change.held is None for change in changes),
        "unnamed": [symbol for symbol in held if symbol not in named],
        "errors": file.errors[:MAX_ERRORS_SHOWN],
        "error_count": len(file.errors),
        "empty": file.empty[:MAX_ERRORS_SHOWN],
        "empty_count": len(file.empty),
        "form": ConfirmForm(user=user, initial={"linhas": sign_rows(file.rows, user)}),
    }


def _summary(imported: Imported) -> str:
    return _(
        "Importação feita: %(created)s incluídos, %(updated)s atualizados, %(deleted)s apagados."
    ) % {
        "created": imported.created,
        "updated": imported.updated,
        "deleted": imported.deleted,
    }
