"""The admin site, open to users of the access level admin after the site's own log-in."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from mainapp.accounts.policies import is_admin_level

YEAR = re.compile("[12][0-9]{3}")

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Site(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return is_admin_level(request.user)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the site's own log-in page, which limits password attempts."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        target = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        return redirect_to_login(target)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Run a view again after a unique constraint has failed, in any model's form.

        Its form was valid until another transaction saved the same value. That one has committed
        by then, so now the form shows the error.
        """
        checked_view = super().admin_view(view, cacheable)

        @wraps(checked_view)
        def repeated_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            _check_years(request)
            try:
                return checked_view(request, *args, **kwargs)
            except IntegrityError:
                return checked_view(request, *args, **kwargs)

        return cast(View, repeated_view)


def _check_years(request: HttpRequest) -> None:
    """Check the years in a list's filter, which Django's lookups do not. Raises: BadRequest."""
    for name, value in request.GET.items():
        if {"year", "iso_year"} & {*name.split("__")} and not YEAR.fullmatch(str(value)):
            raise BadRequest(f"{name} is no year")
