import pytest

from mainapp.accounts.models import User
from mainapp.forum.services.rooms import create_room


@pytest.fixture
def carla(db):
    return User.objects.create_user("carla")


@pytest.fixture
def support(db):
    return User.objects.create_user("sara", access_level=User.Access.SUPPORT)


@pytest.fixture
def admin(db):
    return User.objects.create_user("root", access_level=User.Access.ADMIN)


@pytest.fixture
def room(alice):
    return create_room(host=alice, name="Sala")
