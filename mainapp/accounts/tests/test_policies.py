import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from mainapp.accounts.models import User
from mainapp.accounts.policies import (
    LEVELS,
    AccessDenied,
    has_level,
    is_admin_level,
    is_staff_level,
    level_required,
    require_level,
)

Access = User.Access


def person(level, **fields):
    return User(username="ana", access_level=level, **fields)


def test_levels_are_those_of_the_user():
    assert list(LEVELS) == Access.values


@pytest.mark.parametrize(
    ("level", "has"),
    [
        (Access.USER, [Access.USER]),
        (Access.SUPPORT, [Access.USER, Access.SUPPORT]),
        (Access.ADMIN, [Access.USER, Access.SUPPORT, Access.ADMIN]),
    ],
)
def test_each_level_holds_those_before_it(level, has):
    assert [other for other in Access if has_level(person(level), other)] == has


@pytest.mark.parametrize(
    ("user", "is_staff", "is_admin"),
    [
        (AnonymousUser(), False, False),
        (person(Access.USER), False, False),
        (person(Access.SUPPORT), True, False),
        (person(Access.ADMIN), True, True),
        (person(Access.USER, is_superuser=True), True, True),
        (person(Access.USER, is_staff=True), False, False),
        (person(Access.ADMIN, is_active=False), False, False),
        (person(Access.USER, is_superuser=True, is_active=False), False, False),
    ],
)
def test_staff_keeps_order_and_admin_runs_the_site(user, is_staff, is_admin):
    assert (is_staff_level(user), is_admin_level(user)) == (is_staff, is_admin)


@pytest.mark.parametrize(
    ("user", "code"), [(AnonymousUser(), "login_required"), (person(Access.USER), "forbidden")]
)
def test_who_may_not_is_told_why(user, code):
    with pytest.raises(AccessDenied) as refused:
        require_level(user, Access.SUPPORT)

    assert refused.value.code == code
    assert str(refused.value)


def test_who_may_passes():
    require_level(person(Access.SUPPORT), Access.SUPPORT)


@level_required(Access.SUPPORT)
def reports(request, pk):
    return HttpResponse(f"reports of {pk}")


@pytest.mark.parametrize("level", [Access.SUPPORT, Access.ADMIN])
def test_view_answers_who_has_the_level(rf, level):
    request = rf.get("/reports/")
    request.user = person(level)

    assert reports(request, pk=3).content == b"reports of 3"


def test_view_refuses_who_is_below(rf):
    request = rf.get("/reports/")
    request.user = person(Access.USER)

    with pytest.raises(PermissionDenied):
        reports(request, pk=3)


def test_view_sends_a_stranger_to_the_log_in(rf):
    request = rf.get("/reports/?a=b")
    request.user = AnonymousUser()

    answer = reports(request, pk=3)

    assert (answer.status_code, answer.url) == (302, "/login/?next=/reports/%3Fa%3Db")
