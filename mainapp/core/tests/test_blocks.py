import logging

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.template import Context, Template

from mainapp.core import blocks
from mainapp.core.blocks import Block, register_block
from mainapp.core.policies import ANONYMOUS, MEMBERS, OWNER

PAGE = Template('{% load blocks %}<main>{% blocks "side" stock="PETR4" %}</main>{{ word }}')


@pytest.fixture(autouse=True)
def no_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "_blocks", {})


@pytest.fixture
def add(settings, tmp_path):
    """Return a function that registers a block at the place `side`."""
    folders = [tmp_path, *settings.TEMPLATES[0]["DIRS"]]
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": folders}]

    def add(name, *, order=10, html="", context=lambda **_: {}, **options):
        (tmp_path / f"{name}.html").write_text(html or name)
        block = Block(
            place="side",
            name=name,
            order=order,
            template=f"{name}.html",
            context=context,
            **options,
        )
        register_block(block)

    return add


def shown(rf, *, user=None, page=PAGE, **variables):
    request = rf.get("/")
    request.user = user or AnonymousUser()
    return page.render(Context({"request": request, **variables}))


def test_blocks_are_shown_by_order_and_name(rf, add):
    add("c", order=1)
    add("b", order=2)
    add("a", order=2)

    assert shown(rf) == "<main>c\na\nb</main>"


def test_a_place_without_blocks_is_empty(rf):
    assert shown(rf) == "<main></main>"


def test_blocks_of_other_places_are_not_shown(rf, add):
    add("here")

    page = Template('{% load blocks %}{% blocks "elsewhere" %}')

    assert shown(rf, page=page) == ""


def test_block_is_replaced_by_one_of_the_same_name(rf, add):
    add("twice", html="first")
    add("twice", html="second")

    assert shown(rf) == "<main>second</main>"


def test_block_without_content_renders_nothing(rf, add):
    add("nothing", context=lambda **_: None)
    add("blank", html=" \n ")

    assert shown(rf) == "<main></main>"


def test_block_gets_the_request_and_the_subject(rf, add):
    add(
        "who",
        html="{{ path }} {{ stock }} {{ symbol }} {{ word }}",
        context=lambda *, request, stock: {"path": request.path, "symbol": stock},
    )

    assert shown(rf, word="page's") == "<main>/ PETR4 PETR4 page&#x27;s</main>page&#x27;s"


def test_variables_of_a_block_do_not_leak(rf, add):
    add("own", html="{{ word }}", context=lambda **_: {"word": "block's"})

    assert shown(rf) == "<main>block&#x27;s</main>"


def test_block_escapes_its_variables(rf, add):
    add("hostile", html="{{ text }}", context=lambda **_: {"text": "<script>"})

    assert shown(rf) == "<main>&lt;script&gt;</main>"


def test_blocks_are_shown_to_those_who_may_see_them(rf, add):
    add("all")
    add("members", who=MEMBERS)
    add("visitors", who=ANONYMOUS)

    assert shown(rf) == "<main>all\nvisitors</main>"
    assert shown(rf, user=get_user_model()(pk=1)) == "<main>all\nmembers</main>"


def test_context_is_not_called_for_those_who_may_not_see_the_block(rf, add):
    add("members", who=MEMBERS, context=lambda **_: 1 / 0)

    assert shown(rf) == "<main></main>"


def test_block_for_the_owner_of_something_is_refused(add):
    with pytest.raises(ValueError, match="side/mine"):
        add("mine", who=OWNER)


@pytest.mark.parametrize(
    "fault",
    [{"context": lambda **_: 1 / 0}, {"html": "{% load nowhere %}"}, {"html": "{% url 'gone' %}"}],
)
def test_block_that_fails_in_production_is_left_out_and_logged(rf, add, settings, caplog, fault):
    settings.HIDE_FAILED_BLOCKS = True
    add("broken", order=1, **fault)
    add("whole", order=2)

    assert shown(rf, word="end") == "<main>whole</main>end"
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "the block broken of side has failed")
    ]


def test_block_that_fails_while_debugging_fails_the_page(rf, add):
    add("broken", context=lambda **_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        shown(rf)


def test_page_fails_if_the_database_does(rf, add, settings):
    def context(**_):
        raise DatabaseError

    settings.HIDE_FAILED_BLOCKS = True
    add("broken", context=context)

    with pytest.raises(DatabaseError):
        shown(rf)
