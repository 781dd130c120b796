"""The base of every operation: throttles, then who asks, then an effect that happens once."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import transaction
from django.urls import get_resolver
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from rest_framework.exceptions import Throttled
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from mainapp.api import throttling
from mainapp.api.models import KeptAnswer
from mainapp.api.policies import MAX_KEY, fingerprint, network_of
from mainapp.api.services.keeping import claim_key, keep_answer
from mainapp.core.exceptions import DomainError
from mainapp.core.policies import MEMBERS, Who, operation_policies

SAFE = ("GET", "HEAD", "OPTIONS")


class Repeated(Exception):
    def __init__(self, kept: KeptAnswer) -> None:
        super().__init__()
        self.kept = kept


class ApiView(GenericAPIView):
    """An operation; a mutation with an `Idempotency-Key` is one transaction with its answer."""

    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options"]
    pagination_class: Any = None
    window: throttling.Window | None = None
    kept: KeptAnswer | None = None

    def get_permissions(self) -> list[BasePermission]:
        who = policy_of(type(self)).get((self.request.method or "").lower(), MEMBERS)
        return [AllowAny() if Who.ANONYMOUS in who else IsAuthenticated()]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method in SAFE or "Idempotency-Key" not in request.headers:
            return super().dispatch(request, *args, **kwargs)
        with transaction.atomic():
            response = super().dispatch(request, *args, **kwargs)
            if response.status_code >= 400:
                transaction.set_rollback(True)
            elif self.kept:
                keep_answer(kept=self.kept, status=response.status_code, body=_text(response.data))
        return response

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self._count(throttling.of_address(request))
        super().initial(request, *args, **kwargs)
        if request.user.is_authenticated:
            self._count(throttling.of_user(request.user))
        if request.method not in SAFE and "Idempotency-Key" in request.headers:
            self._claim(request)

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Repeated):
            response = Response(json.loads(exc.kept.body or "null"), exc.kept.status)
            response["Idempotent-Replayed"] = "true"
            return response
        return super().handle_exception(exc)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.window:
            for name, value in self.window.headers.items():
                response[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _count(self, window: throttling.Window) -> None:
        self.window = window
        if window.is_full:
            raise Throttled(wait=window.reset_s)

    def _claim(self, request: Any) -> None:
        key = request.headers["Idempotency-Key"]
        if not key or len(key) > MAX_KEY or not key.isprintable():
            raise DomainError("invalid", _("A Idempotency-Key tem de 1 a 255 caracteres."))
        kept = claim_key(
            scope=_scope(request),
            key=key,
            fingerprint=fingerprint(request.method, request.get_full_path(), request.body),
            at=timezone.now(),
        )
        if kept.status:
            raise Repeated(kept)
        self.kept = kept


@cache
def policy_of(view: type) -> Mapping[str, Who]:
    """Return the line of a view in its feature's OPERATIONS; methods without one need a login."""
    names = (
        pattern.name
        for pattern in get_resolver().url_patterns
        for pattern in getattr(pattern, "url_patterns", ())
        if getattr(getattr(pattern, "callback", None), "cls", None) is view
    )
    return operation_policies().get(next(names, None) or "", {})


def valid(serializer: Any) -> dict[str, Any]:
    """Return what a serializer was given, checked. Raises: ValidationError."""
    serializer.is_valid(raise_exception=True)
    given: dict[str, Any] = serializer.validated_data
    return given


def _text(data: Any) -> str:
    """Return an answer as text: PostgreSQL would give an object's fields back in another order."""
    return json.dumps(data, cls=JSONEncoder)


def _scope(request: Any) -> str:
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"address:{network_of(request.META.get('REMOTE_ADDR', ''))}"
