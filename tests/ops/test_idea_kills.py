"""Ideas while the processes that record their prices are killed, on both databases."""

import json

import pytest

from tests.instances import run
from tests.ops.idea_worker import LAST_STEP

IDEAS, UNREACHED = 2 * LAST_STEP, 10
PREPARE = f"""
import django; django.setup()
from decimal import Decimal
from mainapp.accounts.models import User
from mainapp.ideas.tests.factories import make_idea, record
from mainapp.market.tests.factories import StockFactory
StockFactory(symbol="PETR4")
record("36.00")
for n in range({IDEAS + UNREACHED}):
    author = User.objects.create_user(f"u{{n}}")
    make_idea(author, target=36 + Decimal(n // 2 + 1) / 20)
"""
CHECK = """
import django; django.setup()
import json
from collections import Counter
from mainapp.ideas.models import Idea
from mainapp.notifications.models import Notification
notices = Counter(Notification.objects.values_list("user", flat=True))
ideas = list(Idea.objects.order_by("pk"))
reached = [idea for idea in ideas if idea.close_price is not None]
print(json.dumps({
    "statuses": Counter(idea.status for idea in ideas),
    "at_target": sum(idea.close_price == idea.target for idea in reached),
    "revisions": sorted({idea.revision for idea in reached}),
    "notices": Counter(notices[idea.author_id] for idea in reached),
    "others": sum(notices.values()) - sum(notices[idea.author_id] for idea in reached),
}))
"""


@pytest.mark.timeout(400)
def test_each_idea_is_decided_and_announced_once_under_kills(database_env):
    assert run("manage.py", "migrate", "-v0", timeout_s=200, **database_env).returncode == 0
    for command in (["-c", PREPARE], ["-m", "tests.ops.idea_worker"]):
        done = run(*command, timeout_s=200, **database_env)
        assert done.returncode == 0, done.stderr

    checked = run("-c", CHECK, **database_env)
    assert checked.returncode == 0, checked.stderr
    state = json.loads(checked.stdout)
    print(state)  # noqa: T201 - the figures of the run
    assert state["statuses"] == {"target": IDEAS, "open": UNREACHED}
    assert state["at_target"] == IDEAS
    assert state["revisions"] == [1]
    assert (state["notices"], state["others"]) == ({"1": IDEAS}, 0)
