"""Metrics of DATA_DIR: free disk space, and the newest backup."""

import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric


def families(at: datetime) -> Iterator[Metric]:
    usage = shutil.disk_usage(settings.DATA_DIR)
    yield GaugeMetricFamily("pregao_disk_bytes", "Size of DATA_DIR's disk.", value=usage.total)
    yield GaugeMetricFamily(
        "pregao_disk_free_bytes", "Free space on DATA_DIR's disk.", value=usage.free
    )
    yield from _backups(at)


def _backups(at: datetime) -> Iterable[Metric]:
    """Return age and size of the newest archive; no value if there is none."""
    age = GaugeMetricFamily("pregao_backup_age_seconds", "Age of the newest backup.", labels=[])
    size = GaugeMetricFamily("pregao_backup_bytes", "Size of the newest backup.", labels=[])
    folder = Path(settings.DATA_DIR) / "backups"
    files = [path.stat() for path in folder.glob("pregao-*.tar.gz")]
    if files:
        newest = max(files, key=lambda file: file.st_mtime)
        age.add_metric([], at.timestamp() - newest.st_mtime)
        size.add_metric([], newest.st_size)
    return [age, size]
