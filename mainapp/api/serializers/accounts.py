"""Accounts and tokens."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from mainapp.accounts.models import Preferences, User
from mainapp.api.formats import Moment

MAX_PASSWORD = 1000


class Password(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        fixed = {"trim_whitespace": False, "write_only": True, "max_length": MAX_PASSWORD}
        super().__init__(**fixed | options)


class Registration(serializers.Serializer):
    """A new account; `password2`, if present, must equal `password`."""

    username = serializers.CharField(max_length=150)
    email = serializers.EmailField(max_length=254)
    password = Password()
    password2 = Password(required=False)


class Registered(serializers.Serializer):
    """The same for a taken e-mail: with `mandatory`, an e-mail informs its owner."""

    username = serializers.CharField()
    email = serializers.CharField()
    verification = serializers.ChoiceField(choices=["none", "optional", "mandatory"])


class Login(serializers.Serializer):
    """A username or an e-mail, in either field, and the password."""

    username = serializers.CharField(max_length=254, required=False)
    email = serializers.CharField(max_length=254, required=False)
    password = Password()

    def validate(self, attrs: Any) -> Any:
        if not attrs.get("username") and not attrs.get("email"):
            required = serializers.Field.default_error_messages["required"]
            raise serializers.ValidationError({"username": [required]})
        return attrs


class Tokens(serializers.Serializer):
    """`access` goes into `Authorization: Bearer`; `refresh` is exchanged once for a new pair."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class Refresh(serializers.Serializer):
    refresh = serializers.CharField(max_length=4000)


class Account(serializers.ModelSerializer):
    """The logged-in user with their preferences."""

    language = serializers.ChoiceField(
        choices=settings.LANGUAGES, source="preferred.language", required=False, allow_blank=True
    )
    theme = serializers.ChoiceField(
        choices=Preferences.Theme.choices, source="preferred.theme", required=False
    )
    monitoring_minutes = serializers.ChoiceField(
        choices=Preferences.Period.choices, source="preferred.monitoring_minutes", required=False
    )
    date_joined = Moment(read_only=True)

    class Meta:
        model = User
        fields = [
            *("id", "username", "email", "access_level", "date_joined"),
            *("display_name", "bio", "language", "theme", "monitoring_minutes"),
        ]
        read_only_fields = ["id", "username", "email", "access_level", "date_joined"]
