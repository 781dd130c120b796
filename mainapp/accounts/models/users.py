"""Users and the names that they have taken."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from mainapp.accounts.policies import is_admin_level, is_staff_level
from mainapp.core.audit import Audited, AuditedModel, AuditedQuerySet
from mainapp.core.models import Plan
from mainapp.core.names import (
    MAX_SKELETON,
    has_hidden,
    has_letter,
    is_reserved,
    mixes_alphabets,
    skeletons,
    tidy,
)

# No "@", by which log-in recognises an e-mail. ASCII only, because SQLite ignores case only for
# ASCII letters. A display name may contain any letters.
validate_username = RegexValidator(
    r"\A[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z",
    _("Use letras sem acento, números, ponto, hífen, + e sublinhado, sem espaços."),
)


# The placeholder for the name of a user whose account was deleted.
REMOVED_USER = _("usuário removido")


def _removed_user_names() -> Iterator[str]:
    for language, _name in settings.LANGUAGES:
        with override(language):
            yield str(REMOVED_USER)


class NameTaken(IntegrityError):
    """A new name looks like one that another user took at the same time."""


class UserManager(DjangoUserManager["User"]):
    """Looks up usernames ignoring case; gives superusers the access level admin."""

    def _create_user_object(
        self, username: str, email: Any, password: Any, **fields: Any
    ) -> "User":
        """Check the username before it is saved. Raises: ValidationError."""
        self.check_username(username, User(**fields))
        return super()._create_user_object(username, email, password, **fields)  # type: ignore[misc,no-any-return] # missing in its stubs

    def check_username(self, name: str, user: "User") -> None:
        """Check a user's new username. Raises: ValidationError."""
        validate_username(name)
        self._check_free(name, user)

    def check_display_name(self, name: str, user: "User") -> None:
        """Check a user's new display name; "" means no name. Raises: ValidationError."""
        if has_hidden(name):
            raise ValidationError(_("Há um caractere que não se pode mostrar."))
        if name and not has_letter(name):
            raise ValidationError(_("O nome precisa de ao menos uma letra ou um número."))
        if mixes_alphabets(name):
            raise ValidationError(_("O nome mistura letras de alfabetos que se confundem."))
        self._check_free(name, user)

    def _check_free(self, name: str, user: "User") -> None:
        """Check that a name looks like no other user's and no staff name. One query."""
        alike = skeletons(name)
        others = NameSkeleton.objects.exclude(user=user) if user.pk else NameSkeleton.objects
        is_placeholder = any(alike & skeletons(removed) for removed in _removed_user_names())
        if is_placeholder or others.filter(skeleton__in=alike).exists():
            raise ValidationError(_("Este nome já é de outra pessoa, ou se parece com o dela."))
        if not is_staff_level(user) and is_reserved(name, settings.ACCOUNT_USERNAME_BLACKLIST):
            raise ValidationError(_("Este nome é reservado. Escolha outro."))

    def get_queryset(self) -> AuditedQuerySet["User"]:
        return AuditedQuerySet(self.model, using=self._db)

    def bulk_create(self, objs: Iterable["User"], *args: Any, **options: Any) -> list["User"]:
        """Create users and record their names, which are not checked."""
        with transaction.atomic():
            users = super().bulk_create(objs, *args, **options)
            NameSkeleton.objects.bulk_create(
                (row for user in users for row in rows_of(user)), ignore_conflicts=True
            )
        return users

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(is_named(str(username)))

    def create_superuser(self, *args: Any, **fields: Any) -> "User":
        return super().create_superuser(*args, **{"access_level": User.Access.ADMIN} | fields)


def is_named(username: str) -> Exact:
    """Return the condition that a username equals this one, regardless of case.

    It uses the index of the unique constraint; `iexact` compares in upper case, for which there is
    no index.
    """
    return Exact(Lower("username"), Lower(Value(username)))


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


class User(AuditedModel, AbstractUser):
    """A user. Others see the display name or, if it is empty, the username."""

    audit = Audited(
        shown="access_level is_active is_staff is_superuser suspended_until plan",
        hidden="username email first_name last_name display_name bio password avatar_key "
        "suspension_reason",
        ignored="last_login date_joined avatar_pending",
        owner="id",
        # To investigate a taken-over account, admins need its earlier names and addresses.
        readable="username email",
        links="groups user_permissions",
    )

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
    # Until then the user can only read; see `mainapp.moderation`.
    suspended_until = models.DateTimeField(null=True, blank=True, editable=False)
    suspension_reason = models.CharField(max_length=200, blank=True, editable=False)
    # The plan of the user's quotas; empty: the default plan.
    plan = models.ForeignKey(
        Plan,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
        verbose_name=_("plano"),
    )

    objects = UserManager()  # type: ignore[misc,assignment] # django-stubs calls the inherited one a ClassVar

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="one_username_whatever_its_case",
                violation_error_message=_("Já existe uma conta com este nome de usuário."),
            )
        ]

    def clean(self) -> None:
        """Check the names that changed; names that are older than the rule stay valid."""
        super().clean()
        self.display_name = tidy(self.display_name)
        saved: Any = User.objects.filter(pk=self.pk).values("username", "display_name").first()
        for field, check in (
            ("username", User.objects.check_username),
            ("display_name", User.objects.check_display_name),
        ):
            name = getattr(self, field)
            if name and (saved is None or name != saved[field]):
                try:
                    check(name, self)
                except ValidationError as error:
                    raise ValidationError({field: error}) from None

    def save(self, *args: Any, **options: Any) -> None:
        """Save the user, and record new names in the same transaction. Raises: NameTaken."""
        fields = options.get("update_fields")
        if fields is not None and not {*fields} & {"username", "display_name"}:
            super().save(*args, **options)
            return
        with transaction.atomic():
            super().save(*args, **options)

    @property
    def name(self) -> str:
        """The name shown to others."""
        return self.display_name or self.username

    # The admin asks for Django's permissions; the access level alone grants all of them.

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return is_admin_level(self)

    def has_module_perms(self, app_label: str) -> bool:
        return is_admin_level(self)


class NameSkeleton(models.Model):
    """The appearance of a user's username or display name (see `mainapp.core.names`).

    Only users whose names are older than the rule may share one.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    skeleton = models.CharField(max_length=MAX_SKELETON, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "skeleton"], name="one_row_a_skeleton")
        ]

    def __str__(self) -> str:
        return self.skeleton


def rows_of(user: User) -> list[NameSkeleton]:
    """Return the rows that a user's names need."""
    current = skeletons(user.username) | skeletons(user.display_name)
    return [NameSkeleton(user=user, skeleton=skeleton) for skeleton in sorted(current)]
