"""Alerts under kills: a short version of benchmarks/faults/alert_kills.py."""

import pytest

from benchmarks.faults import alert_kills


@pytest.mark.usefixtures("prepared_rig")
@pytest.mark.timeout(400)
def test_no_firing_is_lost_or_doubled_under_kills():
    tally = alert_kills.run(alerts=120, kills=6, pause_s=1.0)

    assert tally.missed == 0
