import pytest
from django.contrib.auth.models import AnonymousUser

from mainapp.accounts.models import User
from mainapp.accounts.policies import (
    LEVELS,
    AccessDenied,
    has_level,
    is_admin_level,
    is_staff_level,
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
def test_each_level_includes_those_before_it(level, has):
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
def test_staff_and_admin_levels(user, is_staff, is_admin):
    assert (is_staff_level(user), is_admin_level(user)) == (is_staff, is_admin)


@pytest.mark.parametrize(
    ("user", "code"), [(AnonymousUser(), "login_required"), (person(Access.USER), "forbidden")]
)
def test_missing_rights_give_the_reason(user, code):
    with pytest.raises(AccessDenied) as refused:
        require_level(user, Access.SUPPORT)

    assert refused.value.code == code
    assert str(refused.value)


def test_sufficient_level_passes():
    require_level(person(Access.SUPPORT), Access.SUPPORT)
