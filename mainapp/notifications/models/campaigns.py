"""Models of campaigns: announcements of the staff, and the templates of their e-mails."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from mainapp.core.audit import Audited, AuditedModel
from mainapp.notifications.rendering import PlaceholderError, check_html, check_text

LANGUAGES = {"pt-br": "pt", "en": "en"}
PARTS = ("subject", "text", "html")


class MailTemplate(AuditedModel):
    """The e-mail of a campaign in Portuguese and, if it has a subject in English, in English.

    Placeholders such as `{nome}` are those of `mainapp.notifications.rendering`. Without HTML,
    the layout shows the paragraphs of the text.
    """

    audit = Audited(
        shown="name", hidden="subject_pt text_pt html_pt subject_en text_en html_en", ignored=""
    )

    name = models.CharField(_("nome"), max_length=80, unique=True)
    subject_pt = models.CharField(_("assunto"), max_length=250)
    text_pt = models.TextField(_("texto"), max_length=20_000)
    html_pt = models.TextField(
        _("HTML"), max_length=50_000, blank=True, help_text=_("Vazio: os parágrafos do texto.")
    )
    subject_en = models.CharField(_("assunto em inglês"), max_length=250, blank=True)
    text_en = models.TextField(
        _("texto em inglês"),
        max_length=20_000,
        blank=True,
        help_text=_("Se ficar vazio, quem usa o site em inglês recebe o texto em português."),
    )
    html_en = models.TextField(_("HTML em inglês"), max_length=50_000, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("modelo de e-mail")
        verbose_name_plural = _("modelos de e-mail")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Fold the subjects to one line and check placeholders, HTML and the English parts."""
        errors: dict[str, ValidationError] = {}
        for suffix in LANGUAGES.values():
            name = f"subject_{suffix}"
            setattr(self, name, " ".join(getattr(self, name).split()))
            for part in PARTS:
                self._check(part, f"{part}_{suffix}", errors)
        if bool(self.subject_en) != bool(self.text_en) or (self.html_en and not self.text_en):
            errors["text_en"] = ValidationError(
                _("A versão em inglês precisa de assunto e texto, ou de nenhum dos dois.")
            )
        if errors:
            raise ValidationError(errors)

    def _check(self, part: str, name: str, errors: dict[str, ValidationError]) -> None:
        check = check_html if part == "html" else check_text
        try:
            check(getattr(self, name), is_subject=part == "subject")
        except PlaceholderError as error:
            errors[name] = ValidationError(error.template, params=error.params)

    def texts(self) -> dict[str, dict[str, str]]:
        """Return subject, text and HTML by language, without English if there is none."""
        return {
            language: {part: getattr(self, f"{part}_{suffix}") for part in PARTS}
            for language, suffix in LANGUAGES.items()
            if getattr(self, f"text_{suffix}")
        }


class Broadcast(AuditedModel):
    """A campaign: an announcement of the staff in inboxes, and by e-mail if `is_email`.

    `audience` is empty for all users, or a key of `mainapp.core.audience` such as `club:3`;
    `conditions` are those of `selectors.audiences`. `texts` are the template's at the time of
    writing; without them the e-mail has the title and the body. Inboxes and e-mails are written in
    batches in the order of user ids; `last_user_id` is the last one done.
    """

    audit = Audited(
        shown="author is_email finished_at state audience conditions ended_at",
        hidden="title body url texts",
        ignored="created_at last_user_id total",
        owner="author",
        readable="title body url",
    )

    class State(models.TextChoices):
        OLD = "", _("enviada")  # of the release before campaigns: sent at once
        DRAFT = "draft", _("rascunho")
        SENDING = "sending", _("enviando")
        DONE = "done", _("enviada")
        CANCELLED = "cancelled", _("cancelada")

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    title = models.CharField(_("título"), max_length=200)
    body = models.TextField(_("texto"), max_length=5000)
    url = models.CharField(_("link"), max_length=500, blank=True)
    is_email = models.BooleanField(_("enviar também por e-mail"), default=False)
    created_at = models.DateTimeField()
    last_user_id = models.PositiveBigIntegerField(default=0)
    # Workers of the last release send each row without it to everybody: new rows always have it.
    finished_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=9, choices=State, blank=True, default=State.OLD, db_default=State.OLD
    )
    audience = models.CharField(max_length=60, blank=True, default="", db_default="")
    conditions = models.JSONField(null=True, blank=True)
    texts = models.JSONField(null=True, blank=True)
    total = models.PositiveIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_to_all(self) -> bool:
        return not self.audience and not self.conditions

    def texts_in(self, language: str) -> tuple[str, Mapping[str, Any]]:
        """Return the language and the texts for readers of `language`; Portuguese without them."""
        texts = self.texts or {}
        chosen = language if language in texts else "pt-br"
        return chosen, texts.get(chosen, {})
