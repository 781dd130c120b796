from mainapp.core.realtime.conflation import Conflator
from mainapp.core.tests.pipes import until


async def test_first_value_is_sent_at_once_and_then_only_the_newest_of_each_period():
    sent = []
    conflator = Conflator(lambda key, value: sent.append((key, value)), period_s=0.02)
    for value in range(5):
        conflator.put("a", value)
    conflator.put("b", 9)
    assert sent == [("a", 0), ("b", 9)]

    await until(lambda: len(sent) == 3)
    conflator.put("a", 7)  # within the period that began with the last one
    assert sent[2:] == [("a", 4)]
    await until(lambda: len(sent) == 4)
    await until(lambda: not conflator._periods)

    assert sent[3:] == [("a", 7)]


async def test_stopped_conflator_sends_nothing_more():
    sent = []
    conflator = Conflator(lambda key, value: sent.append(value), period_s=0.01)
    conflator.put("a", 1)
    conflator.put("a", 2)
    period = conflator._periods["a"]
    conflator.stop()

    assert period.cancelled()
    assert sent == [1]
