"""Reports while their workers are killed, on both databases."""

import json

import pytest

from tests.instances import run
from tests.ops.report_worker import ROWS
from tests.redis_servers import HOST, server


@pytest.mark.timeout(300)
def test_reports_survive_kills_without_a_lost_or_a_double_row(database_env, tmp_path):
    with server(tmp_path) as redis:
        env_vars = database_env | {"REDIS_URL": f"redis://{HOST}:{redis.port}/0"}
        done = run("-m", "tests.ops.report_worker", timeout_s=280, **env_vars)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    print(outcome)  # noqa: T201 - the figures of the run

    resumed = {"is_equal": True, "rows": ROWS, "was_resumed": True, "files": 1, "notices": 1}
    assert outcome == {
        "without_worker": {"is_there": False, "before": "pending"},
        "csv": resumed | {"claims": 2},
        "xlsx": resumed | {"claims": 3},
        "cancelled": {"state": "cancelled", "notices": 0},
    }
