"""Pages of moderation: complaining, the queue, one case, the log, suspensions."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest, is_staff_level, is_suspended
from mainapp.core.errors import shown_in_form
from mainapp.core.exceptions import DomainError
from mainapp.core.paths import get_owned_or_404, missing_as_404
from mainapp.core.templatetags.isolation import isolate_plain
from mainapp.moderation.forms import ComplaintForm, DecisionForm, QueueQuery, SuspensionForm
from mainapp.moderation.models import Case
from mainapp.moderation.policies import may_suspend
from mainapp.moderation.selectors import cases as selectors
from mainapp.moderation.services.complaints import (
    AlreadyDecided,
    complain,
    decide_case,
    read_copy,
)
from mainapp.moderation.services.suspensions import end_suspension, suspend_user
from mainapp.moderation.subjects import Evidence, moderates, subject_of


def report(request: MemberRequest, pk: int, kind: str) -> HttpResponse:
    evidence = _evidence_or_404(request, kind, pk)
    form = ComplaintForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with shown_in_form(form):
            complain(
                kind=kind, pk=pk, reporter=request.user, at=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Obrigado: quem modera vai ver a sua denúncia."))
            return redirect(evidence.url)
    reported = [line for line in evidence.lines if line.get("is_reported")]
    context = {"form": form, "kind": kind, "evidence": evidence, "lines": reported}
    return render(request, "mainapp/moderation/report.html", context)


def queue_page(request: MemberRequest) -> HttpResponse:
    query = QueueQuery(request.GET).query()
    context = {
        "page": selectors.queue(request.user, **query),
        "counts": selectors.counts(request.user),
        "state": query["state"],
        "is_staff": True,
    }
    return render(request, "mainapp/moderation/queue.html", context)


def log(request: MemberRequest) -> HttpResponse:
    page = selectors.log_page(request.GET.get("page", ""))
    return render(request, "mainapp/moderation/log.html", {"page": page, "entries": page})


def case_page(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a case, and decide on it; 409 if it has changed since it was shown."""
    case = _case_or_404(request, pk)
    form = _form(request, case, request.POST or None)
    if not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return _render_case(request, case, form=form, status=status)
    try:
        with missing_as_404():
            decide_case(pk=pk, actor=request.user, at=timezone.now(), **form.cleaned_data)
    except AlreadyDecided as error:
        messages.error(request, str(error))
        return _render_case(request, _case_or_404(request, pk), status=error.status)
    except DomainError as error:
        form.add_error(None, str(error))
        return _render_case(request, case, form=form, status=error.status)
    messages.success(request, _("A denúncia está resolvida."))
    return redirect("complaints") if is_staff_level(request.user) else redirect(request.path)


def copy(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the copy of a private conversation; each reading is in the log."""
    with missing_as_404():
        case = read_copy(pk=pk, actor=request.user, at=timezone.now())
    return _render_case(request, case, shows_copy=True)


def suspension(request: MemberRequest, pk: int) -> HttpResponse:
    """Suspend a user, or end the suspension with `end`."""
    person = get_owned_or_404(User.objects.all(), pk)
    form = SuspensionForm(request.POST if request.method == "POST" else None)
    at, name = timezone.now(), isolate_plain(person.name)
    with shown_in_form(form):
        if "end" in request.POST:
            end_suspension(user=person, actor=request.user, at=at)
            messages.success(request, _("%(name)s pode escrever de novo.") % {"name": name})
            return redirect("user-profile", pk=pk)
        if form.is_valid():
            suspend_user(user=person, actor=request.user, at=at, **form.cleaned_data)
            messages.success(request, _("%(name)s só pode ler por um tempo.") % {"name": name})
            return redirect("user-profile", pk=pk)
    context = {
        "person": person,
        "form": form,
        "is_suspended": is_suspended(person, at=at),
        "may_suspend": may_suspend(request.user, person),
    }
    return render(request, "mainapp/moderation/suspension.html", context)


def _evidence_or_404(request: MemberRequest, kind: str, pk: int) -> Evidence:
    subject = subject_of(kind)
    evidence = subject.find(pk, request.user) if subject else None
    if evidence is None or evidence.person_id == request.user.pk:
        raise Http404
    return evidence


def _case_or_404(request: MemberRequest, pk: int) -> Case:
    with missing_as_404():
        return selectors.case_for(pk, request.user)


def _form(request: MemberRequest, case: Case, data: Any = None) -> DecisionForm:
    person = case.person
    return DecisionForm(
        data,
        initial={"revision": case.revision},
        may_suspend=person is not None and may_suspend(request.user, person),
    )


def _render_case(
    request: MemberRequest,
    case: Case,
    *,
    form: DecisionForm | None = None,
    shows_copy: bool = False,
    status: int = 200,
) -> HttpResponse:
    # The managers of a club may see what they moderate; staff read the copy, which is logged.
    is_hidden = case.is_private and not shows_copy and not moderates(request.user, case.scope)
    copies = [] if is_hidden else case.copies
    people = selectors.people_in(copies)
    context = {
        "case": case,
        "form": form or _form(request, case),
        "copies": [
            {**copy, "lines": [{**x, "person": people.get(x.get("author"))} for x in copy["lines"]]}
            for copy in copies
        ],
        "complaints": case.complaints.select_related("reporter"),
        "is_staff": is_staff_level(request.user),
        "hides_copy": is_hidden,
    }
    return render(request, "mainapp/moderation/case.html", context, status=status)
