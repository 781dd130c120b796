"""The table of who may do what, tried: every page and method, by every kind of person."""

from contextlib import contextmanager

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.template.backends.django import Template
from django.urls import get_resolver, resolve, reverse
from django.utils import timezone

from mainapp.core.policies import PREFIXES, Refusal, Who, page_policies
from mainapp.market.consumers import StockConsumer
from mainapp.pages.management.policies import routes
from mainapp.pages.tests.world import OBJECTS, PEOPLE, SENT, make_world

PAGES = page_policies()
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# Of people who are logged in and have nothing to do with any object, one does.
# These two see each page as it is; test_reading_changes_nothing renders it for who may do most.
SEEING = ("anonymous", "other")
WITHOUT_OBJECT = ["anonymous", "deactivated", "expired", "other", "support", "admin"]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), undone():
        yield make_world()


@contextmanager
def unrendered(is_on=True):
    """Render every template as nothing, for tests that compare only statuses: 3 ms, not 20."""
    with pytest.MonkeyPatch.context() as patch:
        if is_on:
            patch.setattr(Template, "render", lambda *_arguments: "")
        yield


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# The table is whole ----------------------------------------------------------------------------


def test_every_view_operation_and_frame_has_a_line():
    call_command("policies", "check")


def test_a_view_without_a_line_is_found_and_refused(client, settings):
    settings.ROOT_URLCONF = "mainapp.pages.tests.planted_urls"

    with pytest.raises(CommandError, match="planted/: the view 'planted' has no line"):
        call_command("policies", "check")
    with pytest.raises(ImproperlyConfigured, match="planted"):
        client.get("/planted/")


def test_an_operation_and_a_frame_without_a_line_are_found(monkeypatch):
    view = resolve("/api/v1/alerts/").func.cls
    monkeypatch.setattr(view, "patch", view.get, raising=False)
    monkeypatch.setattr(StockConsumer, "handlers", StockConsumer.handlers | {"planted": "say"})

    with pytest.raises(CommandError) as refused:
        call_command("policies", "check")

    assert str(refused.value).splitlines() == [
        "StockConsumer: the policy lacks the frame 'planted'",
        "api/v1/alerts/: the line lacks patch",
    ]


def test_every_kind_of_object_is_known():
    assert {page.of for page in PAGES.values()} - OBJECTS.keys() == {""}


# Pages -----------------------------------------------------------------------------------------


def ask(world, person, method, name, address_of, **options):
    """Return the answer to one request, whose changes are undone."""
    data = SENT[name](world) if name in SENT else {}
    with undone():
        browser = world.browser(person, **options)
        answer = getattr(browser, method.lower())(address_of, data=data)
        answer.body = b"".join(answer)
    return answer


def outcome(answer, page):
    """Return how somebody was refused, None when they were not."""
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
def test_page_lets_in_who_may(name, world):
    page, here = PAGES[name], address(world, name)
    tried = [(person, method) for person in people_for(page) for method in page.methods]
    tried = [(who, method) for who, method in tried if method != "HEAD" or who == "other"]
    answers = {}
    for who, method in tried:
        with unrendered(who not in SEEING):
            answers[who, method] = ask(world, who, method, name, here)

    outcomes = {key: outcome(answer, page) for key, answer in answers.items()}
    assert outcomes == {(who, method): expected(page, method, who) for who, method in tried}
    assert [key for key, answer in answers.items() if answer.status_code in (405, 500)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_page_refuses_other_methods(name, world):
    page, here = PAGES[name], address(world, name)
    person = insider(page)
    others = [method for method in ("GET", *UNSAFE) if method not in page.methods]

    with unrendered():
        answers = [ask(world, person, method, name, here).status_code for method in others]

    assert answers == [405] * len(others)


def insider(page):
    """Return somebody who may do something with a page."""
    enter = [who for who in ("owner", "host", "admin") if can(page, who)]
    return enter[0]


def can(page, person):
    return any(PEOPLE[person] in who for who in page.methods.values())


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if page.of])
def test_foreign_object_and_missing_one_are_the_same(name, world, time_machine):
    time_machine.move_to(timezone.now(), tick=False)  # a page names the second of its making
    page = PAGES[name]
    if OBJECTS[page.of][1] is None:
        return
    here, nowhere = address(world, name), address(world, name, missing=True)
    for method in page.methods.keys() - {"HEAD"}:
        assert ask(world, insider(page), method, name, nowhere).status_code == 404
        for person in PEOPLE:
            if expected(page, method, person) is Refusal.MISSING:
                missing = ask(world, person, method, name, nowhere)
                assert_same(ask(world, person, method, name, here), missing)


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
    ask(world, person, "GET", name, here)  # what is kept from the first time on is there
    with connection.execute_wrapper(watch):
        ask(world, person, "GET", name, here)
    assert [sql for sql in written if "django_session" not in sql] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_posting_needs_the_token(name, world):
    page, here = PAGES[name], address(world, name)
    for person in ("anonymous", "owner"):
        for method in UNSAFE:
            with unrendered():
                answer = ask(world, person, method, name, here, enforce_csrf_checks=True)
            is_stopped = answer.status_code == 403
            assert (person, method, is_stopped) == (person, method, not page.takes_foreign_posts)


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", PREFIXES)
def test_others_pages_let_in_who_may(prefix, world):
    patterns = [path for path, _name in routes(get_resolver().url_patterns)]
    plain = [path for path in patterns if path.startswith(prefix) and "<" not in path]
    plain = [f"/{path}" for path in plain if "(" not in path and "logout" not in path]
    assert f"/{prefix}" in plain
    entered = [who for who in WITHOUT_OBJECT if is_open(world, who, f"/{prefix}")]
    assert entered == [who for who in WITHOUT_OBJECT if PEOPLE[who] in PREFIXES[prefix]]
    assert [path for path in plain if is_open(world, "support", path)] == []


def is_open(world, person, path):
    status = ask(world, person, "GET", "", path).status_code
    assert status in (200, 302, 403)
    return status == 200
