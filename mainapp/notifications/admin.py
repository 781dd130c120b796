"""Admin pages: the inbox and the outbox, read-only, and the templates of campaigns.

Titles, texts and subjects are shown only for announcements by staff: others may name private rooms
and the people in them.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from mainapp.core.admin import ReadOnlyAdmin
from mainapp.notifications.models import Broadcast, Delivery, MailTemplate, Notification

PLACEHOLDERS_HELP = _(
    "{nome}, {usuario}, {clube} (só em campanhas a um clube) e {link} (fora do assunto) são "
    "trocados pelos valores de cada pessoa. Para mostrar uma chave, escreva {{ ou }}."
)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "about", "shown_address", "state", "tries", "due_at", "sent_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["notification", "broadcast"]
    search_fields = ["address", "message_id"]
    show_full_result_count = False
    # They may hold keys, or a link that resets a password.
    exclude = ["address", "subject", "text", "html", "headers", "notification"]
    readonly_fields = ["about"]

    @admin.display(description=_("assunto"))
    def about(self, delivery: Delivery) -> str:
        """Return the title of an announcement, or the kind of another notification."""
        if delivery.broadcast:
            return delivery.broadcast.title
        return delivery.notification.kind if delivery.notification else ""


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "kind", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["user"]
    show_full_result_count = False
    exclude = ["title", "body", "url", "dedupe_key"]


@admin.register(Broadcast)
class BroadcastAdmin(ReadOnlyAdmin):
    list_display = ["id", "title", "author", "state", "is_email", "created_at"]
    list_select_related = ["author"]


@admin.register(MailTemplate)
class MailTemplateAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    list_display = ["name", "subject_pt", "has_english"]
    search_fields = ["name"]
    fieldsets = [
        (None, {"fields": ["name"], "description": PLACEHOLDERS_HELP}),
        (_("Português"), {"fields": ["subject_pt", "text_pt", "html_pt"]}),
        (_("Inglês"), {"fields": ["subject_en", "text_en", "html_en"]}),
    ]

    @admin.display(description=_("em inglês"), boolean=True)
    def has_english(self, template: MailTemplate) -> bool:
        return bool(template.text_en)
