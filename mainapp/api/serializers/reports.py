"""Serializers of reports: a request, and its state."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers

from mainapp.accounts.models import User
from mainapp.accounts.policies import is_admin_level
from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Strict
from mainapp.operations.models import Report
from mainapp.operations.selectors.reports.active_users import ActiveUsers

MAX_KIND, MAX_PARAM = 32, 200


class ReportInput(Strict):
    """A new report. `params` are those of the kind: `club_activity` takes `{"club": slug}`.

    An empty body of an admin is a report of the kind `active_users`.
    """

    kind = serializers.CharField(max_length=MAX_KIND, required=False)
    # A CharField refuses what no database stores: NUL, and halves of surrogate pairs.
    params = serializers.DictField(
        child=serializers.CharField(max_length=MAX_PARAM, allow_blank=True), required=False
    )
    format = serializers.ChoiceField(choices=Report.Format.choices, default=Report.Format.CSV)

    def request(self, user: User) -> Mapping[str, Any]:
        """Return the arguments of `request_report`. Raises: ValidationError."""
        values = dict(self.validated_data)
        if "kind" not in values:
            if not is_admin_level(user) or values.get("params"):
                raise serializers.ValidationError({"kind": [_("Este campo é obrigatório.")]})
            values["kind"] = ActiveUsers.name
        return values


class ReportData(serializers.Serializer):
    """A report; `progress` is a percentage. `file_path` is the address of the file, or null.

    `waiting_for_worker`: it is pending, and no worker runs.
    After `expires_at` the file is gone, and `file_path` null again.
    """

    id = serializers.IntegerField()
    kind = serializers.CharField()
    params = serializers.DictField()
    format = serializers.ChoiceField(choices=Report.Format.choices)
    status = serializers.ChoiceField(source="state", choices=Report.State.choices)
    progress = serializers.IntegerField()
    waiting_for_worker = serializers.BooleanField()
    rows = serializers.IntegerField()
    file_path = serializers.CharField(allow_null=True)
    error = serializers.CharField()
    created_at = Moment()
    finished_at = Moment(allow_null=True)
    expires_at = Moment(allow_null=True)


def report_data(report: Any, *, is_worker_there: bool) -> Any:
    is_pending = report.state == Report.State.PENDING
    report.waiting_for_worker = is_pending and not is_worker_there
    has_file = report.state == Report.State.DONE and report.file
    report.file_path = reverse("api-download-report", args=[report.pk]) if has_file else None
    return ReportData(report).data
