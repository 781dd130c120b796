"""Preferences of users."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models.users import User
from mainapp.core.audit import Audited, AuditedModel


class Preferences(AuditedModel):
    """Settings of one user; users without a row have the defaults."""

    audit = Audited(
        shown="user language theme monitoring_minutes hides_presence hides_talk_in_mails "
        "time_zone follows_agenda gets_news",
        owner="user",
    )

    class Theme(models.TextChoices):
        SYSTEM = "system", _("Sistema")
        LIGHT = "light", _("Clara")
        DARK = "dark", _("Escura")

    class Period(models.IntegerChoices):
        """Minutes between two checks of an alert; 0 checks every quote."""

        EVERY_QUOTE = 0, _("A cada cotação")
        ONE = 1, _("1 minuto")
        TWO = 2, _("2 minutos")
        FIVE = 5, _("5 minutos")
        FIFTEEN = 15, _("15 minutos")
        THIRTY = 30, _("30 minutos")
        SIXTY = 60, _("1 hora")
        NINETY = 90, _("1 hora e 30 minutos")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences"
    )
    # Empty: the language of the browser.
    language = models.CharField(max_length=5, choices=settings.LANGUAGES, blank=True)
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    monitoring_minutes = models.PositiveSmallIntegerField(
        choices=Period, default=Period.EVERY_QUOTE
    )
    # Nobody sees whether the user is online, in a room or typing.
    hides_presence = models.BooleanField(default=False)
    # E-mails and other channels get no names of people and rooms from private rooms.
    hides_talk_in_mails = models.BooleanField(default=False)
    # The zone in which the agenda shows its times.
    time_zone = models.CharField(max_length=40, default="America/Sao_Paulo")
    # Whether the user is notified of new public events.
    follows_agenda = models.BooleanField(default=False)
    # Whether the user gets campaign e-mails.
    gets_news = models.BooleanField(default=True, db_default=True)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


def language_of(user: User) -> str:
    """Return the language of messages to a user: the user's choice, or else the site's."""
    preferences = getattr(user, "preferences", None)
    return (preferences.language if preferences else "") or settings.LANGUAGE_CODE
