"""API keys."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from mainapp.api.formats import Moment
from mainapp.api.policies import MAX_KEY_DAYS
from mainapp.api.serializers.accounts import Password
from mainapp.api.serializers.common import ShortList, Strict
from mainapp.core.names import one_line
from mainapp.core.policies import SCOPES


class KeyInput(Strict):
    """A new key. Its `password` is the account's: a stolen token must not make a key that lasts."""

    name = serializers.CharField(max_length=60)
    scopes = ShortList(
        child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES)
    )
    expires_in_days = serializers.IntegerField(min_value=1, max_value=MAX_KEY_DAYS)
    password = Password()

    def validate_name(self, value: str) -> str:
        if one_line(value) != value:
            raise serializers.ValidationError(_("Há um caractere que não se pode mostrar."))
        return value


class KeyData(serializers.Serializer):
    """A key without its secret; `hint` is the secret's beginning."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    hint = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    created_at = Moment()
    expires_at = Moment()
    last_used_at = Moment(allow_null=True)


class NewKeyData(KeyData):
    """A new key; `key` is the secret, which no later response has."""

    key = serializers.CharField()
