"""The base of every operation: limits, permissions, and mutations that take effect once."""

import json
from contextlib import ExitStack
from functools import cache
from math import ceil
from typing import Any

from django.db import transaction
from django.urls import get_resolver
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from mainapp.accounts.policies import check_second_factor
from mainapp.api.models import ApiKey, KeptAnswer
from mainapp.api.policies import ADDRESS_REQUESTS, MAX_KEY, USER_REQUESTS, fingerprint
from mainapp.api.serializers.common import NoFields, Strict
from mainapp.api.services.idempotency import claim_key, save_answer, saved_answer
from mainapp.core.addresses import client_address
from mainapp.core.exceptions import DomainError
from mainapp.core.limits import Decision, Key, Limit, of_address, of_user, try_consume
from mainapp.core.policies import (
    STAFF,
    Area,
    Operation,
    Who,
    operation,
    operation_policies,
    people_of,
)

WAIT_S = 60  # after too many sign-ups or passwords
SAFE = ("GET", "HEAD", "OPTIONS")


class Repeated(Exception):
    """The request has a saved response, `saved`."""

    def __init__(self, saved: KeptAnswer) -> None:
        super().__init__()
        self.saved = saved


class ApiView(GenericAPIView):
    """An operation. A mutation with an `Idempotency-Key` commits together with its saved response.

    Its transaction begins before the handler. With `begins_late` the handler begins it, after
    hashing a password, which would otherwise lock SQLite for a third of a second.
    """

    accepts_key = True  # if False, the header is ignored: each request creates something new
    begins_late = False
    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options"]
    pagination_class: Any = None
    decision: Decision | None = None
    saved: KeptAnswer | None = None
    has_begun = False

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny() if Who.ANONYMOUS in self._allowed() else IsAuthenticated()]

    def _allowed(self) -> Who:
        """Return the users of the method; other methods return 405 to users of any method."""
        line = self.policy()
        return line.get((self.request.method or "").lower()) or people_of(line)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with ExitStack() as self.effect:
            response = super().dispatch(request, *args, **kwargs)
            if self.has_begun and response.status_code >= 400:
                transaction.set_rollback(True)
            elif self.saved:
                body = _text(self.body_to_save(response.data))
                save_answer(saved=self.saved, status=response.status_code, body=body)
        return response

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self._count(ADDRESS_REQUESTS, of_address(client_address(request)))
        super().initial(request, *args, **kwargs)
        if request.user.is_authenticated:
            self._count(USER_REQUESTS, of_user(request.user))
        self._check_scope(request)
        if request.user.is_authenticated and not (self._allowed() & ~STAFF):
            check_second_factor(request.user)
        handles = hasattr(self, request.method.lower())
        if handles and request.method not in SAFE and not self.takes_fields(request.method):
            valid(NoFields(data=request.data))
        if self.begins_late:
            self.check_repeated(request)
        else:
            self.begin(request)

    @classmethod
    def policy(cls) -> Operation:
        """Return the line of the view in its feature's OPERATIONS."""
        view: Any = cls
        return policy_of(view)

    @classmethod
    def takes_fields(cls, method: str) -> bool:
        """Return whether a serializer of the view checks the body; others refuse every field."""
        return method != "DELETE" and issubclass(cls.serializer_class or object, Strict)

    def begin(self, request: Any) -> None:
        """Begin the transaction of the effect. Raises: Repeated, KeyReused.

        Without a key, only views with `begins_late` get a transaction; others make their own.
        """
        key = self._key(request)
        if key or self.begins_late:
            self.effect.enter_context(transaction.atomic())
            self.has_begun = True
        if key:
            mark = _fingerprint(request)
            scope = _scope(request, mark)
            saved = claim_key(scope=scope, key=key, fingerprint=mark, at=timezone.now())
            if saved.status:
                raise Repeated(saved)
            self.saved = saved

    def body_to_save(self, data: Any) -> Any:
        """Return a response in its stored form, without secrets."""
        return data

    def restored_body(self, body: Any) -> Any:
        """Return the response's body from its stored form."""
        return body

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Repeated):
            body = self.restored_body(json.loads(exc.saved.body or "null"))
            response = Response(body, exc.saved.status)
            response["Idempotent-Replayed"] = "true"
            return response
        return super().handle_exception(exc)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.decision:
            for name, value in _limit_headers(self.decision).items():
                response[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _check_scope(self, request: Any) -> None:
        """Check an API key's scopes. Raises: DomainError."""
        if not isinstance(request.auth, ApiKey):
            return
        scope = self.policy().scope_of(request.method)
        if scope is None:
            raise DomainError(
                "forbidden", _("Uma chave de API não pode fazer isto: entre com a senha.")
            )
        if scope not in request.auth.scopes:
            template = _("A chave de API não tem o escopo %(scope)s.")
            raise DomainError("insufficient_scope", template, {"scope": scope})

    def _count(self, limit: Limit, key: Key) -> None:
        self.decision = try_consume(limit, key)
        self.decision.check()

    def _key(self, request: Any) -> str:
        """Return the key of a mutation, or "" if there is none. Raises: DomainError."""
        key: str | None = request.headers.get("Idempotency-Key")
        if key is None or request.method in SAFE or not self.accepts_key:
            return ""
        if not key or len(key) > MAX_KEY or not key.isprintable():
            raise DomainError("invalid", _("A Idempotency-Key tem de 1 a 255 caracteres."))
        return key

    def check_repeated(self, request: Any) -> None:
        """Raise Repeated if a request with this key has a saved response; locks nothing."""
        if key := self._key(request):
            scope = _scope(request, _fingerprint(request))
            if saved := saved_answer(scope=scope, key=key, at=timezone.now()):
                raise Repeated(saved)


@cache
def policy_of(view: type) -> Operation:
    """Return the line of a view in its feature's OPERATIONS; methods without one need a log-in."""
    names = (
        pattern.name
        for pattern in get_resolver().url_patterns
        for pattern in getattr(pattern, "url_patterns", ())
        if getattr(getattr(pattern, "callback", None), "cls", None) is view
    )
    return operation_policies().get(next(names, None) or "", operation(Area.LOG_IN))


def valid(serializer: Any) -> dict[str, Any]:
    """Return a serializer's validated data. Raises: ValidationError."""
    if serializer.initial_data is None:  # REST framework would refuse it in English
        raise ValidationError({"non_field_errors": [gettext("O corpo precisa ser um objeto.")]})
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data


def _text(data: Any) -> str:
    """Return a response as text: PostgreSQL's jsonb would reorder the fields of objects."""
    return json.dumps(data, cls=JSONEncoder)


def _limit_headers(decision: Decision) -> dict[str, str]:
    """Return the RateLimit headers, in the form of one number each."""
    limit = decision.limit
    return {
        "RateLimit-Limit": str(limit.allowed),
        "RateLimit-Remaining": str(decision.remaining),
        "RateLimit-Reset": str(max(1, ceil(decision.reset_s))),
        "RateLimit-Policy": f"{limit.allowed};w={limit.window_s:g}",
    }


def _fingerprint(request: Any) -> str:
    return fingerprint(request.method, request.get_full_path_info(), request.body)


def _scope(request: Any, mark: str) -> str:
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"request:{mark[:50]}"
