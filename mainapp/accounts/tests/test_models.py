import pytest
from django.core import mail

from mainapp.accounts.models import User
from mainapp.accounts.tests.people import PASSWORD, log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna():
    """A user created as on the command line, with capitals in the e-mail."""
    return User.objects.create_superuser("anna", "Anna.Prado@Example.com", PASSWORD)


def test_an_email_is_stored_in_lower_case(anna):
    assert anna.email == "anna.prado@example.com"
    anna.email = "ANNA@EXAMPLE.COM"
    anna.save()
    anna.refresh_from_db()
    assert anna.email == "anna@example.com"
    assert User.objects.filter(email="Anna@Example.com").exists()


def test_password_reset_ignores_the_case_of_the_email(client, anna):
    client.post("/accounts/password/reset/", {"email": "ANNA.Prado@example.COM"})

    assert [message.to for message in mail.outbox] == [["anna.prado@example.com"]]


@pytest.mark.parametrize("name", ["anna.prado@example.com", "Anna.Prado@Example.com"])
def test_log_in_ignores_the_case_of_the_email(client, anna, name):
    assert log_in(client, name).status_code == 302
