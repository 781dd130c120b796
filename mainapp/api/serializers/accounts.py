"""Accounts and tokens."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import serializers

from mainapp.accounts.models import Preferences, User
from mainapp.agenda.sessions import is_zone
from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Strict

MAX_PASSWORD = 1000
PASSWORDS = ("password", "password1", "password2")


class Password(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        fixed = {"trim_whitespace": False, "write_only": True, "max_length": MAX_PASSWORD}
        super().__init__(**fixed | options)


class Registration(Strict):
    """A new account. Without a `username` a free one is made from `name`, which is also shown.

    The password is `password`, or `password1` with the same `password2`.
    """

    username = serializers.CharField(max_length=150, required=False, allow_blank=True)
    name = serializers.CharField(max_length=150, required=False)
    email = serializers.EmailField(max_length=254)
    password = Password(required=False)
    password1 = Password(required=False)
    password2 = Password(required=False)

    def validate(self, attrs: Any) -> Any:
        missing = {}
        if "password" not in attrs and "password1" not in attrs:
            missing["password"] = [_required()]
        if "password" not in attrs and "password1" in attrs and "password2" not in attrs:
            missing["password2"] = [_required()]
        if missing:
            raise serializers.ValidationError(missing)
        typed = {attrs[name] for name in PASSWORDS if name in attrs}
        if len(typed) > 1:
            raise serializers.ValidationError({"password2": [_("As senhas não são iguais.")]})
        return attrs | {"password": typed.pop()}


class Registered(serializers.Serializer):
    """The same for a taken e-mail: with `mandatory`, an e-mail informs its owner."""

    username = serializers.CharField()
    display_name = serializers.CharField(allow_blank=True)
    email = serializers.CharField()
    verification = serializers.ChoiceField(choices=["none", "optional", "mandatory"])


class Login(Strict):
    """A username or an e-mail, in either field, the password, and a second factor's code.

    `code` is an app's code or a recovery code; if it is needed and missing, the error is
    `mfa_required`.
    """

    username = serializers.CharField(max_length=254, required=False)
    email = serializers.CharField(max_length=254, required=False)
    password = Password()
    code = serializers.CharField(max_length=20, required=False, allow_blank=True, write_only=True)

    def validate(self, attrs: Any) -> Any:
        if not attrs.get("username") and not attrs.get("email"):
            raise serializers.ValidationError({"username": [_required()]})
        return attrs


class Tokens(serializers.Serializer):
    """`access` goes into `Authorization: Bearer`; `refresh` is exchanged once for a new pair."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class Refresh(Strict):
    refresh = serializers.CharField(max_length=4000)


class Account(Strict, serializers.ModelSerializer):
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
    hides_presence = serializers.BooleanField(source="preferred.hides_presence", required=False)
    hides_talk_in_mails = serializers.BooleanField(
        source="preferred.hides_talk_in_mails", required=False
    )
    time_zone = serializers.CharField(max_length=40, source="preferred.time_zone", required=False)
    follows_agenda = serializers.BooleanField(source="preferred.follows_agenda", required=False)
    gets_news = serializers.BooleanField(source="preferred.gets_news", required=False)
    date_joined = Moment(read_only=True)

    class Meta:
        model = User
        fields = [
            *("id", "username", "email", "access_level", "date_joined"),
            *("display_name", "bio", "language", "theme", "monitoring_minutes"),
            *("hides_presence", "hides_talk_in_mails", "time_zone", "follows_agenda"),
            "gets_news",
        ]
        read_only_fields = ["id", "username", "email", "access_level", "date_joined"]

    def current_values(self) -> Mapping[str, Any]:
        return self.to_representation(self.instance) if self.instance else {}

    def validate_time_zone(self, value: str) -> str:
        if not is_zone(value):
            raise serializers.ValidationError(_("Este fuso horário não existe."))
        return value


class OnlinePersonData(serializers.Serializer):
    """A person whom the user sees online."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    avatar = serializers.CharField(allow_null=True)
    last_seen = Moment()


class OnlineData(serializers.Serializer):
    """The people whom the user sees online, at most 200, and the number of all."""

    online = OnlinePersonData(many=True)
    count = serializers.IntegerField()


def _required() -> str:
    return str(serializers.Field.default_error_messages["required"])
