"""The verdict of the soak: what grows is found, and what only varies is not."""

from itertools import cycle

import pytest

from benchmarks.faults.soak_verdict import GROWTH_MIB, Reading, growth, judge
from benchmarks.rig.readings import TableTally

MINUTES = 30


def readings(*, rss=0.0, files=0.0, keys=0, rows=0, messages=0, acts=0):
    """Return readings of half an hour in which each of these has grown by so much."""
    noise = cycle((0, 3, -2, 1))
    made = []
    for half in range(2 * MINUTES + 1):
        done = half / (2 * MINUTES)
        made.append(
            Reading(
                at=1000.0 + 30 * half,
                load=1.0,
                rss_mib={"web 2": 150 + rss * done + next(noise)},
                files={"web 2": round(40 + files * done) + next(noise)},
                threads={"web 2": 14},
                keys={"board": 90 + round(keys * done) + next(noise)},
                rows={"core_x": 10 + round(rows * done), "forum_message": round(messages * done)},
                acts={"message": round(acts * done)},
            )
        )
    return made


def failed(**grown):
    tally = TableTally("a soak")
    judge(tally, readings(**grown))
    return [name.strip() for name in tally.failed]


def test_variation_and_the_growth_by_acts_are_allowed():
    assert failed(messages=500, acts=500) == []


@pytest.mark.parametrize(
    ("grown", "names"),
    [
        ({"rss": 24}, ["growth of memory"]),
        ({"files": 12}, ["growth of open files"]),
        ({"keys": 120}, ["keys in Redis: most in the last third"]),
        ({"rows": 60}, ["rows of core_x"]),
        ({"messages": 500, "acts": 250}, ["rows of forum_message, by acts"]),
    ],
)
def test_growth_is_found(grown, names):
    assert failed(**grown) == names


def test_growth_ignores_a_single_peak():
    flat = readings()
    peak = flat[50]
    peak.rss_mib["web 2"] += 2 * GROWTH_MIB

    assert abs(growth(flat, lambda reading: reading.rss_mib["web 2"])) < GROWTH_MIB / 4
