"""Export of a portfolio to a file, and import from one after a preview."""

from collections.abc import Sequence

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.portfolio.forms.transfer import ConfirmForm, ReadingForm, UploadForm, sign_sheets
from mainapp.portfolio.imports.example import example_sheet
from mainapp.portfolio.imports.reading import Choices
from mainapp.portfolio.imports.sheets import Sheet
from mainapp.portfolio.policies import IMPORTS, MAX_FILE_BYTES, MAX_FILE_ROWS, MAX_ROWS
from mainapp.portfolio.readers.files import read_sheets
from mainapp.portfolio.selectors import holdings_of
from mainapp.portfolio.selectors.imports import read_import
from mainapp.portfolio.serializers.holdings import write_file
from mainapp.portfolio.services import Imported, import_rows
from mainapp.portfolio.views.preview import preview_context

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


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
    if "planilha" in request.POST:
        return _read_again(request)
    if "exemplo" in request.POST:
        sheets = [example_sheet()]
        return _show_preview(request, sheets, sign_sheets(sheets, request.user), Choices())
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        with shown_in_form(form, "arquivo"):
            check_and_increment_quota(request.user, IMPORTS, at=timezone.now())
            sheets = read_sheets(form.cleaned_data["arquivo"].read())
            signed_sheets = sign_sheets(sheets, request.user)
            return _show_preview(request, sheets, signed_sheets, Choices())
    return _show_upload(request, form)


def _read_again(request: MemberRequest) -> HttpResponse:
    form = ReadingForm(request.POST, user=request.user)
    if not form.is_valid():
        return _refuse(request, form)
    with shown_as_message(request):
        sheets, signed_sheets = form.cleaned_data["planilha"], form.data["planilha"]
        return _show_preview(request, sheets, signed_sheets, form.choices)
    return redirect("import-carteira")


def confirm_import(request: MemberRequest) -> HttpResponse:
    form = ConfirmForm(request.POST, user=request.user)
    if not form.is_valid():
        return _refuse(request, form)
    with shown_as_message(request):
        confirmed = form.cleaned_data["linhas"]
        is_replacing = form.cleaned_data["modo"] == "substituir"
        deleted = [*confirmed.former, *(confirmed.unnamed if is_replacing else [])]
        imported = import_rows(owner=request.user, rows=confirmed.rows, deleted=deleted)
        messages.success(request, _summary(imported))
        return redirect("carteira")
    return redirect("import-carteira")


def _refuse(request: MemberRequest, form: BaseForm) -> HttpResponse:
    messages.error(request, str(next(iter(form.errors.values()))[0]))
    return redirect("import-carteira")


def _show_upload(request: MemberRequest, form: UploadForm) -> HttpResponse:
    context = {
        "form": form,
        "max_bytes": MAX_FILE_BYTES,
        "max_file_rows": MAX_FILE_ROWS,
        "max_rows": MAX_ROWS,
    }
    return render(request, "mainapp/portfolio/import.html", context)


def _show_preview(
    request: MemberRequest, sheets: Sequence[Sheet], signed_sheets: str, choices: Choices
) -> HttpResponse:
    read = read_import(sheets, request.user, choices)
    context = preview_context(read, signed_sheets, request.POST, request.user)
    return render(request, "mainapp/portfolio/import_preview.html", context)


def _summary(imported: Imported) -> str:
    return _(
        "Importação feita: %(created)s incluídos, %(updated)s atualizados, %(deleted)s apagados."
    ) % {
        "created": imported.created,
        "updated": imported.updated,
        "deleted": imported.deleted,
    }
