"""Rooms under kills: short versions of room_kills.py and direct_kills.py in benchmarks/faults."""

import pytest

from benchmarks.faults import direct_kills, room_kills


@pytest.mark.usefixtures("prepared_rig")
@pytest.mark.timeout(180)
def test_no_message_is_lost_doubled_or_out_of_order_under_kills():
    tally = room_kills.run(seconds=20, clients=8, rooms=3, per_second=10, kill_every_s=4)

    assert tally.missed == 0


@pytest.mark.usefixtures("prepared_rig")
@pytest.mark.timeout(180)
def test_no_message_or_picture_of_a_direct_room_is_lost_or_doubled_under_kills():
    tally = direct_kills.run(seconds=15, pairs=4, per_second=4, kill_every_s=4)

    assert tally.missed == 0
