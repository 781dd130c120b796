"""The metrics of real processes: counters never fall, whichever process is killed."""

import signal

from prometheus_client.parser import text_string_to_metric_families

from tests.instances import get, instance, wait_for

SCRAPES, KILLED = 50, ("worker", "beat", "stream", "web")


def scrape(url):
    status, text = get(f"{url}/metrics")
    return text if status == 200 else ""


def samples(text, kinds):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        if family.type in kinds
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_counters_never_fall_while_processes_are_killed(data_dir):
    with instance(
        data_dir, UPDATE_INTERVAL_S="1", QUOTE_STREAM="simulated", METRICS_TOKEN=""
    ) as started:
        last, falls, roles = {}, [], set()
        for number in range(SCRAPES):
            if number % 12 == 6:
                started.child(f"pregao: {KILLED[number // 12]}").send_signal(signal.SIGKILL)
            text = wait_for(lambda: scrape(started.url), 30, "metrics")
            counters = samples(text, ("counter", "histogram"))
            falls += [key for key in last if counters.get(key, -1) < last[key]]
            last = counters
            gauges = samples(text, ("gauge",))
            roles |= {key[1][1] for key, n in gauges.items() if key[0] == "pregao_processes" and n}
            get(f"{started.url}/privacy/")

    assert falls == []
    assert roles == {"web", "worker", "beat", "stream"}
    assert last["pregao_responses_total", ("status", "200"), ("view", "privacy")] > SCRAPES - 15
    assert last["pregao_response_seconds_count", ("view", "privacy")] > SCRAPES - 15


def test_a_task_counts_once_for_each_run(data_dir):
    """Also over restarts of the worker: runs that were counted are not counted again."""
    with instance(data_dir, UPDATE_INTERVAL_S="1") as started:

        def counts():
            total = samples(scrape(started.url), ("counter",))
            done = ("outcome", "success"), ("task", "update_stock")
            sent = ("role", "beat"), ("task", "update_stock")
            return (
                total.get(("pregao_tasks_total", *done), 0),
                total.get(("pregao_tasks_sent_total", *sent), 0),
            )

        wait_for(lambda: counts()[0] >= 3, 40, "three counted runs")
        started.child("pregao: worker").send_signal(signal.SIGTERM)
        before = counts()[0]
        wait_for(lambda: counts()[0] >= before + 3, 60, "three more")
        done, sent = counts()

    assert done <= sent + 2  # the watchdog of batches runs overdue ones itself
