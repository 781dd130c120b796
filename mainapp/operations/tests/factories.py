"""Factories of reports."""

from django.utils import timezone
from factory.declarations import LazyFunction

from mainapp.market.tests.factories import RowFactory
from mainapp.notifications.models import Delivery
from mainapp.operations.models import Report
from mainapp.operations.services.reports.making import run_report


class ReportFactory(RowFactory[Report]):
    """A pending report: `ReportFactory(owner=alice, kind="alerts")`."""

    class Meta:
        model = Report

    kind = "alerts"
    created_at = LazyFunction(timezone.now)


def make_mails(count, **fields):
    """Create e-mails in the outbox, for reports with many rows."""
    now = timezone.now()
    values = {"kind": "email", "subject": "x", "text": "x", "due_at": now, "created_at": now}
    values |= {"state": "sent", "sent_at": now} | fields
    rows = [
        Delivery(address=f"ana{n}@example.org", message_id=f"<{n}>", **values) for n in range(count)
    ]
    Delivery.objects.bulk_create(rows, batch_size=2000)


def run_to_end(report: Report) -> Report:
    """Work on a report like a worker, until it is done, and return it."""
    while run_report(report_pk=report.pk):
        report.refresh_from_db()
        if not report.is_open:
            break
    report.refresh_from_db()
    return report
