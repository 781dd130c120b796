"""The policy tables, tested with every page and method, for every kind of person."""

from contextlib import contextmanager

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.template.backends.django import Template
from django.urls import get_resolver, resolve, reverse
from django.utils import timezone

from mainapp.core.policies import (
    EVERYONE,
    PREFIXES,
    Refusal,
    Who,
    operation_policies,
    page_policies,
)
from mainapp.market.consumers import StockConsumer
from mainapp.notifications.consumers import NotificationsConsumer
from mainapp.pages.management.policies import routes
from mainapp.pages.tests.world import OBJECTS, PEOPLE, SENT, make_world

pytestmark = pytest.mark.database_independent

PAGES = page_policies()
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# These two get rendered pages, by GET: one of the logged-in people without objects is enough, and
# test_reading_changes_nothing renders the page for the person with the most rights.
RENDERED_FOR = ("anonymous", "other")
WITHOUT_OBJECT = ["anonymous", "deactivated", "expired", "other", "support", "admin"]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), rolled_back():
        yield make_world()


@contextmanager
def unrendered(is_on=True):
    """Render every template as "", for tests that only compare statuses: 3 ms instead of 20."""
    with pytest.MonkeyPatch.context() as patch:
        if is_on:
            patch.setattr(Template, "render", lambda *_arguments: "")
        yield


@contextmanager
def rolled_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# Completeness of the tables --------------------------------------------------------------------


def test_every_view_operation_and_frame_has_a_policy():
    call_command("policies", "check")


def test_a_view_without_a_policy_is_reported_and_refused(client, settings):
    settings.ROOT_URLCONF = "mainapp.pages.tests.planted_urls"

    with pytest.raises(CommandError) as refused:
        call_command("policies", "check")
    assert str(refused.value).splitlines() == [
        "admin/planted/: the view 'planted-beside-admin' has no line in a policies.py",
        "planted/: the view 'planted' has no line in a policies.py",
        "renamed/ and sources/: two views have the name 'sources'",
    ]
    for path in ("/planted/", "/admin/planted/"):
        with pytest.raises(ImproperlyConfigured, match="planted"):
            client.get(path)


def test_an_operation_and_a_frame_without_a_policy_are_reported(monkeypatch):
    view = resolve("/api/v1/alerts/").func.cls
    monkeypatch.setattr(view, "patch", view.get, raising=False)
    monkeypatch.setattr(StockConsumer, "handlers", StockConsumer.handlers | {"planted": "say"})
    monkeypatch.delattr(NotificationsConsumer, "policy")
    monkeypatch.setitem(operation_policies(), "home", {"get": EVERYONE})

    with pytest.raises(CommandError) as refused:
        call_command("policies", "check")

    assert [line for line in str(refused.value).splitlines() if "NotificationsC" not in line] == [
        ": nothing enforces the line, as the view is not a REST framework view",
        "StockConsumer: the policy lacks the frame 'planted'",
        "api/v1/alerts/: the line lacks patch",
    ]
    assert "NotificationsConsumer: the consumer has no policy" in str(refused.value)


def test_every_kind_of_object_has_a_factory():
    assert {page.of for page in PAGES.values()} - OBJECTS.keys() == {""}


# Pages -----------------------------------------------------------------------------------------


def send_request(world, person, method, name, address_of, **options):
    """Return the response to one request, after rolling back its changes."""
    data = SENT[name](world) if name in SENT else {}
    with rolled_back():
        browser = world.browser(person, **options)
        answer = getattr(browser, method.lower())(address_of, data=data)
        answer.body = b"".join(answer)
    return answer


def outcome(answer, page):
    """Return the kind of refusal, None if the request was admitted."""
    if answer.status_code == 302 and answer.url.startswith("/login/?next="):
        return Refusal.LOGIN
    refusals = {r.value: r for r in Refusal if r is not Refusal.IN_FORM or page.member is r}
    return refusals.get(answer.status_code)


def expected(page, method, person):
    who = PEOPLE[person]
    if who in page.methods[method]:
        return None
    return page.stranger if who is Who.ANONYMOUS else page.member


def address(world, name, *, missing=False):
    of = PAGES[name].of
    if not of:
        return reverse(name)
    make, nothing = OBJECTS[of]
    return reverse(name, kwargs=nothing if missing else make(world))


def people_for(page):
    return list(PEOPLE) if page.of else WITHOUT_OBJECT


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_page_admits_and_refuses_by_its_policy(name, world):
    page, here = PAGES[name], address(world, name)
    cases = [(person, method) for person in people_for(page) for method in page.methods]
    cases = [(person, method) for person, method in cases if method != "HEAD" or person == "other"]
    responses = {}
    for person, method in cases:
        with unrendered(not (method == "GET" and person in RENDERED_FOR)):
            responses[person, method] = send_request(world, person, method, name, here)

    outcomes = {key: outcome(answer, page) for key, answer in responses.items()}
    assert outcomes == {case: expected(page, case[1], case[0]) for case in cases}
    assert [key for key, answer in responses.items() if answer.status_code in (405, 500)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_page_refuses_other_methods(name, world):
    page, here = PAGES[name], address(world, name)
    person = insider(page)
    others = [method for method in ("GET", *UNSAFE) if method not in page.methods]

    with unrendered():
        responses = [
            send_request(world, person, method, name, here).status_code for method in others
        ]

    assert responses == [405] * len(others)


def insider(page):
    """Return a person who may use at least one method of a page."""
    return next(person for person in ("owner", "host", "admin") if can(page, person))


def can(page, person):
    return any(PEOPLE[person] in allowed for allowed in page.methods.values())


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if page.of])
def test_foreign_and_missing_objects_have_identical_responses(name, world, time_machine):
    time_machine.move_to(timezone.now(), tick=False)  # pages contain the time of their rendering
    page = PAGES[name]
    if OBJECTS[page.of][1] is None:
        return
    here, nowhere = address(world, name), address(world, name, missing=True)
    for method in page.methods.keys() - {"HEAD"}:
        assert send_request(world, insider(page), method, name, nowhere).status_code == 404
        refused = [who for who in PEOPLE if expected(page, method, who) is Refusal.MISSING]
        for person in refused:
            with unrendered(person not in refused[-2:]):
                missing = send_request(world, person, method, name, nowhere)
                assert_same(send_request(world, person, method, name, here), missing)


def assert_same(foreign, missing):
    assert foreign.status_code == missing.status_code == 404
    assert foreign.body == missing.body
    assert dict(foreign.headers) == dict(missing.headers)
    assert foreign.cookies.output() == missing.cookies.output()


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if "GET" in page.methods])
def test_reading_changes_nothing(name, world):
    here, written = address(world, name), []

    def watch(execute, sql, params, many, context):
        if sql.split(" ", 1)[0] in ("INSERT", "UPDATE", "DELETE"):
            written.append(sql)
        return execute(sql, params, many, context)

    person = insider(PAGES[name])
    send_request(
        world, person, "GET", name, here
    )  # fills caches and creates rows of the first visit
    with connection.execute_wrapper(watch):
        send_request(world, person, "GET", name, here)
    assert [sql for sql in written if "django_session" not in sql] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if "GET" in page.methods])
def test_a_page_that_names_its_reader_is_not_stored(name, world):
    person = insider(PAGES[name])
    answer = send_request(world, person, "GET", name, address(world, name))

    is_private = (
        f">{person}<".encode() in answer.body or answer["Content-Type"] == "application/json"
    )
    assert "no-store" in answer.get("Cache-Control", "") or not is_private


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_posts_need_the_csrf_token(name, world):
    page, here = PAGES[name], address(world, name)
    for person in ("anonymous", "owner"):
        for method in sorted({"POST", *page.methods} & set(UNSAFE)):
            with unrendered():
                answer = send_request(world, person, method, name, here, enforce_csrf_checks=True)
            is_stopped = answer.status_code == 403
            assert (person, method, is_stopped) == (person, method, not page.takes_foreign_posts)


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", PREFIXES)
def test_third_party_pages_admit_by_their_policy(prefix, world):
    patterns = [path for path, _name in routes(get_resolver().url_patterns)]
    plain = [path for path in patterns if path.startswith(prefix) and "<" not in path]
    plain = [f"/{path}" for path in plain if "(" not in path and "logout" not in path]
    assert f"/{prefix}" in plain
    admitted = [person for person in WITHOUT_OBJECT if is_open(world, person, f"/{prefix}")]
    assert admitted == [person for person in WITHOUT_OBJECT if PEOPLE[person] in PREFIXES[prefix]]
    assert [path for path in plain if is_open(world, "support", path)] == []


def is_open(world, person, path):
    status = send_request(world, person, "GET", "", path).status_code
    assert status in (200, 302, 403)
    return status == 200
