"""Tests of the registry of the site's search."""

import pytest
from django.contrib.auth.models import AnonymousUser, User

from mainapp.core import search as module
from mainapp.core.policies import ANONYMOUS, MEMBERS
from mainapp.core.search import Result, Section, register_search, search


class Unread:
    """A user whose session must not be loaded."""

    @property
    def is_authenticated(self) -> bool:
        raise AssertionError


@pytest.fixture(autouse=True)
def sections(monkeypatch):
    monkeypatch.setattr(module, "_sections", {})


def register(name, *, order=10, **options):
    def find(text, *, user, limit):
        return [Result(title=f"{name} {text} {n}", url="/") for n in range(3)][:limit]

    options = {"find": find, "title": name, "icon": "search"} | options
    register_search(Section(name=name, order=order, **options))


def found(text, *, user=AnonymousUser(), limit=2):  # noqa: B008 - it has no state
    return {
        group.section.name: len(group.results) for group in search(text, user=user, limit=limit)
    }


def test_sections_are_searched_in_their_order():
    register("rooms", order=20)
    register("stocks", order=10)

    assert list(found("a").items()) == [("stocks", 2), ("rooms", 2)]


def test_a_section_is_registered_once():
    register("rooms")
    register("rooms", find=lambda text, **_: [Result(title="other", url="/")])

    assert found("a") == {"rooms": 1}


def test_a_section_without_results_is_left_out_unless_it_has_notes():
    register("none", find=lambda text, **_: [])
    register("notes", find=lambda text, **_: [], notes=lambda text: [f"{text} is AXIA3"])

    (group,) = search("ELET3", user=AnonymousUser(), limit=2)

    assert (group.section.name, list(group.notes)) == ("notes", ["ELET3 is AXIA3"])


def test_members_sections_are_not_searched_for_strangers():
    register("private", who=MEMBERS)
    register("public")

    assert found("a") == {"public": 2}
    assert found("a", user=User(username="alice")) == {"private": 2, "public": 2}


def test_sections_for_everyone_do_not_load_the_user():
    register("public")

    assert found("a", user=Unread()) == {"public": 2}


def test_a_section_is_for_everyone_or_members():
    with pytest.raises(ValueError, match="private"):
        register("private", who=ANONYMOUS)


def test_short_text_is_not_searched():
    register("all")
    register("long", min_length=2)

    assert found("  ") == {}
    assert found(" a ") == {"all": 2}
    assert found("ab") == {"all": 2, "long": 2}


def test_long_text_is_truncated():
    register("all")

    (group,) = search(f" {'x' * 100}", user=AnonymousUser(), limit=1)

    assert group.results[0].title == f"all {'x' * 60} 0"


@pytest.mark.parametrize(("limit", "more_url"), [(2, "/list?a"), (3, "")])
def test_a_list_of_its_own_is_linked_when_there_are_more_results(limit, more_url):
    register("all", more_url=lambda text: f"/list?{text}")

    (group,) = search("a", user=AnonymousUser(), limit=limit)

    assert (len(group.results), group.more_url) == (limit, more_url)


def test_sections_that_are_not_suggested_are_on_the_page_only():
    register("messages", is_suggested=False)
    register("rooms")

    suggested = search("x", user=AnonymousUser(), limit=2, is_suggestion=True)
    assert [group.section.name for group in suggested] == ["rooms"]
    assert found("x") == {"messages": 2, "rooms": 2}
