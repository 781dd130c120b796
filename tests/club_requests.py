"""Requests by which outsiders look for a club, and the leaks in the answers."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.urls import get_resolver

from conftest import flush_redis
from mainapp.accounts.models import User
from mainapp.core.policies import operation_policies, page_policies
from mainapp.pages.management.policies import routes
from tests.canary import ARGUMENT, CANARY, VALUES, VARIABLE, WORD, rolled_back, text_of
from tests.club_bodies import UNSAFE, request_arguments
from tests.club_canary import MISSING, NOWHERE, PK, SLUG

TOO_MANY = 429
# Answers that differ every time. The outsider's own session may have the id that the club's rows
# have. An admin reads the log of all e-mails.
UNCOMPARABLE = (
    *("/metrics", "/api/v1/ws-ticket/", "/accounts/sessions/"),
    "/notifications/mails/",
)
# Cookies, the slug of a club that the request itself founded, signatures with their times, and the
# challenge for a passkey.
RANDOM = re.compile(
    rb"(?:csrftoken|sessionid)=[^;]+|texto-\w+|:\w{6}:[\w-]{43}|\"challenge\": \"[^\"]+\""
)
# A word of the same length that no text has: a search for WORD must find as little as for this.
NO_WORD = "quetzax"
QUERY_NAMES = ("q", "busca", "query", "search", "title", "tags", "author")


@dataclass
class Tally:
    """Counts of everything that the tests of a run have tried."""

    requests: int = 0
    frames: int = 0
    leaks: int = 0
    models: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)
    sockets: set[str] = field(default_factory=set)
    outsiders: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return (
            f"isolation of clubs: {self.requests} requests to {len(self.pages)} pages and "
            f"{len(self.operations)} operations, {self.frames} frames to {len(self.sockets)} "
            f"sockets, {len(self.models)} models, {len(self.outsiders)} outsiders, "
            f"{self.leaks} leaks"
        )


class Browser(Client):
    """A client that does not copy the context of each template, which took 80 % of the time."""

    def request(self, **request: Any) -> Any:
        response = self.handler(self._base_environ(**request))
        self.cookies.update(response.cookies)
        return response


@dataclass
class Address:
    """A URL of the club, the same URL of a club that never existed, and its methods."""

    path: str
    missing_path: str
    methods: Collection[str] = ("get",)


def addresses(other: User, *, admin: bool = False) -> Iterator[Address]:
    """Yield every URL, filled with the club's slug and ids."""
    for path, pattern in routes(get_resolver().url_patterns, own_only=not admin):
        route = path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "")
        own, missing_path = _filled(route, SLUG, PK, other), _filled(route, NOWHERE, MISSING, other)
        yield Address(own, missing_path, _methods_of(pattern.name or ""))


def _methods_of(name: str) -> set[str]:
    """Return the methods of a URL in the policy tables; others are refused before the view."""
    if name in page_policies():
        return {method.lower() for method in page_policies()[name].methods} - {"head"}
    return set(operation_policies().get(name, ("get", *UNSAFE)))


def _filled(route: str, slug: str, pk: int, other: User) -> str:
    ids = dict.fromkeys(("pk", "object_id"), str(pk)) | {"slug": slug, "user_pk": str(other.pk)}
    values = VALUES | ids
    return "/" + ARGUMENT.sub(lambda m: values.get(m[1] or m[2], "nothing"), route)


def query(slug: str, word: str) -> str:
    return "&".join([*(f"{name}={word}" for name in QUERY_NAMES), f"club={slug}"])


def normalised(response: Any, text: bytes) -> tuple[int, bytes]:
    """Return the part of a response that must be the same for the club and for a missing one."""
    # Once a minute a request notes when its session was last used.
    text = text.replace(b"Accept-Language, Cookie'", b"Accept-Language'")
    for same in (SLUG, NOWHERE, WORD, NO_WORD, str(PK), str(MISSING)):
        text = text.replace(same.encode(), b"#")
    return response.status_code, VARIABLE.sub(b"#", RANDOM.sub(b"#", text))


class Outsider:
    """A person outside the club: their requests, and the answers that reveal the club."""

    def __init__(self, person: str, user: User | None, tally: Tally) -> None:
        self.browser = Browser(raise_request_exception=False)
        if user is not None:
            self.browser.force_login(user)
        self.person, self.tally = person, tally
        self.shown: list[str] = []
        self.differing: list[str] = []

    @property
    def leaks(self) -> list[str]:
        """Return the answers that showed a text of the club, or differed from a missing one's."""
        return [*self.shown, *self.differing]

    def send(
        self, method: str, address: str, ids: tuple[int, str] = (PK, SLUG)
    ) -> tuple[int, bytes]:
        cookies: Any = self.browser.cookies.copy()
        with rolled_back():
            response = getattr(self.browser, method)(
                address, **request_arguments(method, address, *ids)
            )
            text = text_of(response)
        self.browser.cookies = cookies
        lower = text.lower()
        if CANARY.encode() in lower or (SLUG not in address and SLUG.encode() in lower):
            self.shown.append(f"{method} {address} ({response.status_code})")
        assert response.status_code != 500, (self.person, method, address)
        return normalised(response, text)

    def compare(self, method: str, address: Address) -> None:
        if address.path.startswith(UNCOMPARABLE):
            self.send(method, address.path)
            self._count(method, address.path)
            return
        answer, missing = self._send_both(method, address)
        if TOO_MANY in (answer[0], missing[0]):
            flush_redis()
            answer, missing = self._send_both(method, address)
        if answer != missing:
            self.differing.append(f"{method} {address.path}: {_difference(answer, missing)}")
        self._count(method, address.path, 2)

    def request_everything(self, other: User) -> None:
        """Request every URL by every method, without comparing the answers."""
        for address in addresses(other):
            if address.path == address.missing_path:
                self.send("get", f"{address.path}?{query(SLUG, WORD)}")
            for method in sorted(address.methods):
                self.send(method, address.path)

    def _send_both(self, method: str, address: Address) -> list[tuple[int, bytes]]:
        ids = ((address.path, (PK, SLUG)), (address.missing_path, (MISSING, NOWHERE)))
        return [self.send(method, path, values) for path, values in ids]

    def _count(self, method: str, path: str, requests: int = 1) -> None:
        self.tally.requests += requests
        kind = self.tally.operations if path.startswith("/api/") else self.tally.pages
        kind.add(f"{method} {path.partition('?')[0]}")

    def compare_everything(self, other: User, wanted: Callable[[str], bool] = bool) -> None:
        """Request every URL by every method, and each list with the club in its filters.

        `wanted` selects the paths.
        """
        self.tally.outsiders.add(self.person)
        for address in addresses(other, admin=self.person == "admin"):
            if wanted(address.path):
                self._compare_address(address)
        self.tally.leaks += len(self.leaks)

    def _compare_address(self, address: Address) -> None:
        if address.path.startswith("/admin/"):
            self.send("get", address.path)  # the admin says which id is missing
            self._count("get", address.path)
            return
        if address.path == address.missing_path:
            searched = query(SLUG, WORD), query(NOWHERE, NO_WORD)
            self.compare("get", Address(*(f"{address.path}?{filters}" for filters in searched)))
        for method in sorted(address.methods):
            self.compare(method, address)


def _difference(answer: tuple[int, bytes], missing: tuple[int, bytes]) -> str:
    if answer[0] != missing[0]:
        return f"{answer[0]} instead of {missing[0]}"
    pairs = enumerate(zip(answer[1], missing[1], strict=False))
    start = next((n for n, (one, other) in pairs if one != other), 0)
    parts = (text[max(0, start - 40) : start + 60] for text in (answer[1], missing[1]))
    return " instead of ".join(map(repr, parts))
