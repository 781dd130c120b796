"""Users and their preferences."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.policies import is_admin_level


class UserManager(DjangoUserManager["User"]):
    """Looks up usernames ignoring case; gives superusers the access level admin."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)

    def create_superuser(self, *args: Any, **fields: Any) -> "User":
        return super().create_superuser(*args, **{"access_level": User.Access.ADMIN} | fields)


class LowercaseEmailField(models.EmailField):  # type: ignore[type-arg] # no generics at run time
    """An e-mail, lower-cased when it is stored and when it is looked up.

    Any spelling of it identifies the same user, at log-in and for a password reset.
    """

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return prepared.lower() if isinstance(prepared, str) else prepared

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.get_prep_value(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


class User(AbstractUser):
    """A user. Others see the display name or, if it is empty, the username."""

    class Access(models.TextChoices):
        """Rights beyond one's own data; each level includes the ones before it."""

        USER = "user", _("Usuário")
        SUPPORT = "support", _("Suporte")
        ADMIN = "admin", _("Administrador")

    email = LowercaseEmailField(_("e-mail"), blank=True)
    access_level = models.CharField(
        _("nível de acesso"), max_length=7, choices=Access, default=Access.USER
    )
    display_name = models.CharField(_("nome de exibição"), max_length=60, blank=True)
    bio = models.TextField(_("sobre você"), max_length=500, blank=True)
    # Random name of the folder with the picture's thumbnails; empty without a picture.
    avatar_key = models.CharField(max_length=22, blank=True, editable=False)
    # Folder of an upload without thumbnails yet; becomes avatar_key once they are made.
    avatar_pending = models.CharField(max_length=22, blank=True, editable=False)

    objects = UserManager()  # type: ignore[misc] # django-stubs calls the inherited one a ClassVar

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="one_username_whatever_its_case",
                violation_error_message=_("Já existe uma conta com este nome de usuário."),
            )
        ]

    @property
    def name(self) -> str:
        """The name shown to others."""
        return self.display_name or self.username

    # The admin asks for Django's permissions; the access level alone grants all of them.

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return is_admin_level(self)

    def has_module_perms(self, app_label: str) -> bool:
        return is_admin_level(self)


class Preferences(models.Model):
    """Settings of one user; users without a row have the defaults."""

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

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


def language_of(user: User) -> str:
    """Return the language of messages to a user: the chosen one, or the site's."""
    preferences = getattr(user, "preferences", None)
    return (preferences.language if preferences else "") or settings.LANGUAGE_CODE
