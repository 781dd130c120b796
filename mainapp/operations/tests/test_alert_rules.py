import json
import re
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.utils import timezone

from mainapp.operations.selectors.metrics import metrics, state

DEPLOY = Path(settings.BASE_DIR) / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

ALERTS = {rule["alert"]: rule["expr"] for group in RULES["groups"] for rule in group["rules"]}
EXPRESSIONS = {
    **ALERTS,
    **{
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in PANELS
        for target in panel["targets"]
    },
}
METRIC = re.compile(r"\b(pregao_\w+)(?:\{([^}]*)\})?")
SUFFIXES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_sum", "_count"),
    "gauge": ("",),
}


@pytest.fixture(scope="module")
def exported(django_db_setup, django_db_blocker):
    """Return the labels of each metric of /metrics, by its name in PromQL."""
    with django_db_blocker.unblock():
        families = list(metrics(at=timezone.now()))
    return {
        f"{family.name}{suffix}": {*family._labelnames, "le"}
        for family in families
        for suffix in SUFFIXES[family.type]
    }


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_metrics_and_labels_exist(name, exported):
    expression = EXPRESSIONS[name]
    labels = set()
    for metric, selectors in METRIC.findall(expression):
        assert metric in exported
        labels |= exported[metric]
        used = set(re.findall(r"(\w+)\s*[=!]~?", selectors))
        assert used <= exported[metric]

    for grouping in re.findall(r"\b(?:by|on|without|ignoring) ?\(([^)]*)\)", expression):
        assert {name.strip() for name in grouping.split(",") if name} <= labels
    assert "pregao" in expression


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_counters_are_read_by_their_increase(name):
    """A counter's value is meaningless, because a Redis restart sets it to 0."""
    for match in re.finditer(r"pregao_\w+_(?:total|bucket|sum|count)\b", EXPRESSIONS[name]):
        before = EXPRESSIONS[name][: match.start()]
        assert re.search(r"(?:rate|increase|absent)\($", before)


def test_rules_have_texts_and_a_severity():
    for group in RULES["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("page", "ticket")
            assert {*rule["annotations"]} == {"summary", "description"}
            assert rule["for"]


def test_dashboard_is_complete():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len({*ids})
    assert DASHBOARD["schemaVersion"] >= 39
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {"datasource"}
    for panel in PANELS:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["targets"]
        assert all(panel["fieldConfig"]["defaults"][key] for key in ("unit", "thresholds"))


def test_panels_do_not_overlap():
    boxes = [panel["gridPos"] for panel in DASHBOARD["panels"]]

    assert all(box["x"] + box["w"] <= 24 for box in boxes)
    assert not [
        (a, b)
        for a, b in combinations(boxes, 2)
        if a["x"] < b["x"] + b["w"]
        and b["x"] < a["x"] + a["w"]
        and a["y"] < b["y"] + b["h"]
        and b["y"] < a["y"] + a["h"]
    ]


def test_queues_are_those_of_the_workers():
    procfile = (Path(settings.BASE_DIR) / "Procfile").read_text()

    assert re.search(r"-Q (\S+)", procfile)[1].split(",") == [*state.QUEUES]
