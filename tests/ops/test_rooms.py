"""Rooms under kills: a short version of benchmarks/faults/room_kills.py."""

import pytest

from benchmarks.faults import room_kills


@pytest.mark.usefixtures("prepared_rig")
@pytest.mark.timeout(180)
def test_no_message_is_lost_doubled_or_out_of_order_under_kills():
    tally = room_kills.run(seconds=20, clients=8, rooms=3, per_second=10, kill_every_s=4)

    assert tally.missed == 0
