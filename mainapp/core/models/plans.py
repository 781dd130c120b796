"""Plans, and the rules of their quotas."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mainapp.core.audit import Audited, AuditedModel
from mainapp.core.limits.quotas import quota_kinds

LEAST_WINDOW, LONGEST_WINDOW = timedelta(seconds=1), timedelta(days=366)


class Plan(AuditedModel):
    """A set of quotas. Users and clubs without a plan use the default plan.

    So do kinds of quotas without a rule. `setup` creates the default plan, the only one of its
    kind.
    """

    audit = Audited(shown="name is_default")

    name = models.CharField(_("nome"), max_length=60, unique=True)
    is_default = models.BooleanField(_("plano padrão"), default=False, editable=False)

    class Meta:
        ordering = ["-is_default", "name"]
        verbose_name, verbose_name_plural = _("plano"), _("planos")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_plan"
            )
        ]

    def __str__(self) -> str:
        return self.name


class QuotaRule(AuditedModel):
    """The limit of one kind of quota in a plan.

    The window begins with the first use; it is empty for kinds that limit how many rows exist at
    once. `seeded_limit` is the setting's value that `setup` copied into the default plan.
    """

    audit = Audited(shown="plan kind limit window seeded_limit")

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="rules", verbose_name=_("plano"))
    kind = models.CharField(_("tipo"), max_length=40)
    limit = models.PositiveIntegerField(_("limite"))
    window = models.DurationField(
        _("janela"), null=True, blank=True, help_text=_("Dias e hh:mm:ss, como 1 00:00:00.")
    )
    seeded_limit = models.PositiveIntegerField(null=True, editable=False)

    class Meta:
        ordering = ["kind"]
        verbose_name, verbose_name_plural = _("cota"), _("cotas")
        constraints = [
            models.UniqueConstraint(fields=["plan", "kind"], name="one_rule_a_kind_and_plan")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.limit}"

    def clean(self) -> None:
        """Check the kind, its limit and its window. Raises: ValidationError."""
        kinds = quota_kinds()
        kind = kinds.get(self.kind)
        if kind is None:
            text = _("Este tipo não existe. Use um destes: %(kinds)s.")
            names = ", ".join(kinds)
            raise ValidationError({"kind": ValidationError(text, params={"kinds": names})})
        if kind.window_s is None and self.window is not None:
            raise ValidationError({"window": _("Este tipo não tem janela: deixe vazio.")})
        if kind.window_s is not None and not _is_window(self.window):
            raise ValidationError({"window": _("A janela tem de 1 segundo a 366 dias.")})
        if kind.most is not None and self.limit is not None and self.limit > kind.most:
            text = _("O máximo é %(most)s.")
            raise ValidationError({"limit": ValidationError(text, params={"most": kind.most})})


def _is_window(window: timedelta | None) -> bool:
    return window is not None and LEAST_WINDOW <= window <= LONGEST_WINDOW
