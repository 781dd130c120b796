import pytest
from django.utils.translation import override

from mainapp.accounts.models import Preferences, User
from mainapp.accounts.selectors import monitoring_minutes_of, name_of, preferences_of
from mainapp.accounts.services.preferences import save_preferences, save_profile
from mainapp.accounts.templatetags.people import initials
from mainapp.core.exceptions import DomainError

pytestmark = pytest.mark.django_db


def test_user_without_choices_has_the_defaults_and_no_row(alice):
    preferences = preferences_of(alice)

    assert (preferences.language, preferences.theme) == ("", "system")
    assert preferences.monitoring_minutes == 0
    assert not Preferences.objects.exists()


def test_saving_one_preference_leaves_the_others(alice):
    save_preferences(user=alice, theme="dark", monitoring_minutes=15)
    save_preferences(user=alice, language="en")
    save_preferences(user=alice, language="en")

    alice = User.objects.get(pk=alice.pk)
    preferences = preferences_of(alice)
    assert (preferences.language, preferences.theme) == ("en", "dark")
    assert monitoring_minutes_of(alice) == 15


def test_a_display_name_may_not_be_anothers_username(alice, bob):
    for name in ("bob", "BOB", "\N{FULLWIDTH LATIN SMALL LETTER B}ob", "Usuário removido"):
        with pytest.raises(DomainError):
            save_profile(user=alice, display_name=name, bio="")

    save_profile(user=alice, display_name="Alice", bio="Oi.")

    assert name_of(User.objects.get(pk=alice.pk)) == "Alice"


def test_staff_may_use_names_reserved_for_staff(alice):
    alice.access_level = User.Access.SUPPORT

    save_profile(user=alice, display_name="Suporte", bio="")

    assert alice.name == "Suporte"


def test_deleted_user_has_a_placeholder_name():
    with override("pt-br"):
        assert name_of(None) == "usuário removido"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("ana", "A"), ("Ana de Souza", "AS"), ("ana ana", "A"), ("(x) Zé", "Z"), ("_", "_")],
)
def test_initials(name, shown):
    assert initials(name) == shown
