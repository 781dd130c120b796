import json
from decimal import Decimal

import pytest

from mainapp.core import bounded_child
from mainapp.portfolio.readers import csv_child, files, xlsx_child

WORKERS = {files.CSV: csv_child, files.XLSX: xlsx_child}


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def workers_in_process(monkeypatch):
    """Run the readers in this process: a child takes 0.1 to 0.3 s. test_children has real ones."""

    def run(worker, *arguments, data=b"", limits):
        return json.loads(
            json.dumps(WORKERS[worker].work(list(arguments), data)), parse_float=Decimal
        )

    monkeypatch.setattr(bounded_child, "run", run)
