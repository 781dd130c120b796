"""Users in the admin. One field, the access level, controls their permissions."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.accounts.services.second_factors import reset_second_factor
from mainapp.core.errors import shown_as_message

# Their admin pages would show encrypted secrets and full addresses, and delete sessions without
# closing their sockets.
admin.site.unregister(Authenticator)
admin.site.unregister(UserSession)


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg] # not generic at run time
    list_display = ["username", "email", "display_name", "access_level", "is_active"]
    list_filter = ["access_level", "is_active"]
    search_fields = ["username", "display_name", "email"]
    readonly_fields = ["last_login", "date_joined"]
    actions = ["remove_second_factors"]
    fieldsets = [
        (None, {"fields": ["username", "password", "email"]}),
        (_("Perfil"), {"fields": ["display_name", "bio"]}),
        (_("Acesso"), {"fields": ["access_level", "is_active", "plan"]}),
        (_("Datas"), {"fields": ["last_login", "date_joined"]}),
    ]

    def delete_view(  # type: ignore[override] # the stubs have only a part of its responses
        self, request: HttpRequest, *args: Any, **options: Any
    ) -> HttpResponseBase:
        with shown_as_message(request):
            return super().delete_view(request, *args, **options)
        return redirect("admin:accounts_user_changelist")

    def changelist_view(  # type: ignore[override] # as above
        self, request: HttpRequest, *args: Any, **options: Any
    ) -> HttpResponseBase:
        """Show the list, or run an action on the chosen users, such as their deletion."""
        with shown_as_message(request), transaction.atomic():
            return super().changelist_view(request, *args, **options)
        return redirect(request.path)

    @admin.action(description=_("Remover o segundo fator"))
    def remove_second_factors(self, request: HttpRequest, users: "QuerySet[User]") -> None:
        """Remove all second factors of the selected users and notify them by e-mail."""
        counts = {user: reset_second_factor(user=user) for user in users}
        names = ", ".join(user.username for user, count in counts.items() if count)
        text = (
            gettext("Segundo fator removido: %(names)s.") if names else gettext("Nada a remover.")
        )
        messages.info(request, text % {"names": names} if names else text)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save the user; lowering the access level also removes the superuser flag."""
        obj.is_superuser = obj.is_superuser and obj.access_level == User.Access.ADMIN
        super().save_model(request, obj, form, change)
