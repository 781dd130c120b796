"""Tests of parallel calls: each has its own time, and a round ends in time."""

from threading import Event
from time import monotonic, sleep

import pytest

from mainapp.market.providers import threads
from mainapp.market.providers.base import ProviderError
from mainapp.market.providers.threads import Unstarted, gather, merge_quotes


@pytest.fixture(autouse=True)
def _round(monkeypatch):
    monkeypatch.setattr(threads, "ROUND_S", 0.1)


def slow(number):
    def function():
        sleep(0.02)
        return number

    return function


def test_each_call_has_its_own_time():
    results = gather([slow(number) for number in range(6)], workers=2, timeout=0.04)

    assert results == list(range(6))  # 60 ms in all


def test_a_round_ends_in_time_and_names_the_calls_that_were_not_made():
    started_at = monotonic()
    results = gather([slow(number) for number in range(1000)], workers=4, timeout=0.1)

    assert monotonic() - started_at < 0.3
    unstarted = [result for result in results if isinstance(result, Unstarted)]
    made = 1000 - len(unstarted)
    assert results == [*range(made), *unstarted]
    assert 4 <= made <= 24
    assert {error.fault for error in unstarted} == {"unfinished"}


def test_a_hung_call_costs_its_own_time_only():
    never = Event()
    functions = [lambda: never.wait(5), slow(1), slow(2), slow(3)]

    hung, *others = gather(functions, workers=2, timeout=0.1)
    never.set()

    assert others == [1, 2, 3]
    assert (hung.fault, isinstance(hung, Unstarted)) == ("timeout", False)


def test_no_call_follows_a_refusal_of_all():
    def refuse():
        raise ProviderError("too many", fault="rate_limited")

    refused, *others = gather([refuse, *map(slow, range(3))], workers=1, timeout=0.1)

    assert refused.fault == "rate_limited"
    assert all(isinstance(error, Unstarted) for error in others)


def test_merged_results_name_the_unreached_symbols():
    results = [{"A": 1}, ProviderError("slow", fault="timeout"), Unstarted("", fault="unfinished")]

    with pytest.raises(ProviderError) as merged:
        merge_quotes(results, [["A"], ["B"], ["C", "CF"]])

    assert merged.value.fault == "timeout"
    assert merged.value.partial_quotes.keys() == {"A"}
    assert merged.value.unreached == {"C", "CF"}
