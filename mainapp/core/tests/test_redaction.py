import re
import time

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLResolver

from mainapp.core.logs.redaction import HIDDEN, SECRET_PATHS, redact, redaction

# URL parameters that name something public, and are not keys that replace a log-in.
PUBLIC = ("symbol", "slug", "market", "uidb36", "room_name", "language")
PICTURES = ("avatar/<str:key>/", "/imagem/<str:key>/")  # names of files that pages show


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /agenda/k3y_-1/agenda.ics 200", "GET /agenda/…/agenda.ics 200"),
        ("Not Found: /accounts/password/reset/key/1a-abc-def/", None),
        ("/accounts/confirm-email/MQ:1x:abc/", "/accounts/confirm-email/…/"),
        ("/en/lists/abc/copy/", "/en/lists/…/copy/"),
        ("https://a.example/x?token=abc&b=c#d", "https://a.example/x?token=…&b=…#d"),
        ("Authorization: Bearer abcdef", "Authorization: …"),
        ("{'Authorization': 'Token 123abc', 'x': 1}", "{'Authorization': …, 'x': 1}"),
        ("Bearer abcdef12", "Bearer …"),
        ("Basic dXNlcjpwYXNz", "Basic …"),
        ("Token 9f8e7d6c5b", "Token …"),
        ("a token expired yesterday", "a token expired yesterday"),
        ("Cookie: sessionid=abc; csrftoken=def", "Cookie: …"),
        ("__Host-sessionid=abc", "__Host-sessionid=…"),
        ("offered ticket.aBc-1_2", "offered ticket.…"),
        ("eyJhbGciOi.eyJzdWIi.c2ln", "…"),
        ("password='my pass word' x", "password=… x"),
        ('{"new_password1": "abc", "a": 1}', '{"new_password1": …, "a": 1}'),
        ('{"access": "abc", "refresh": "def"}', '{"access": …, "refresh": …}'),
        ("postgresql://user:pa:ss@host/db", "postgresql://…@host/db"),
        ("https://api.telegram.org/bot12:Ab-c_d/send", "https://api.telegram.org/bot…/send"),
        ("https://discord.com/api/webhooks/12/abc-d", "https://discord.com/api/webhooks/12/…"),
        ("https://hooks.slack.com/services/T1/B2/c3", "https://hooks.slack.com/services/…"),
        ("PETR4 at 38.43: no token, key or secret here", None),
    ],
)
def test_redaction_hides_secrets_and_nothing_else(text, shown):
    if shown is None:
        shown = text.replace("1a-abc-def", HIDDEN)

    assert redact(text) == shown


def test_redaction_is_stable():
    text = redact("Authorization: Bearer abcdef, /lists/abc/?token=abc password=x")

    assert redact(text) == text


def test_values_of_settings_are_hidden_wherever_they_are():
    hide = redaction(["correct horse battery", "tiny", ""])

    assert hide("say 'correct horse battery', tiny") == "say '…', tiny"


def test_every_address_with_a_key_is_known():
    """A new URL with a text parameter must be listed as public or be redacted."""
    unknown = []
    for route in routes(get_resolver()):
        example = example_of(route)
        if "SECRET" in example and "SECRET" in redact(example):
            unknown.append(route)

    assert unknown == []


def test_every_secret_path_is_an_address():
    every = " ".join(routes(get_resolver()))

    assert [path for path in SECRET_PATHS if f"{path}/" not in every] == []


def routes(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif not route.startswith(("admin/", "static/", "media/", "^static", "^media")):
            yield route


def example_of(route):
    """Return a route with SECRET in the place of each text parameter that is not public."""
    if any(picture in route for picture in PICTURES):
        return "/"
    names = "|".join(PUBLIC)
    route = re.sub(rf"\(\?P<(?:{names})>[^)]*\)", "x", route)
    route = re.sub(rf"<(?:\w+:)?(?:{names})>|<key:\w+>|<int:\w+>", "x", route)
    route = re.sub(r"\(\?P<\w+>[^)]*\)|<(?:\w+:)?\w+>", "SECRET", route)
    return f"/{route.strip('^$')}"


@pytest.mark.parametrize("piece", ["a-", "token", "?a=", "://a", "/lists/", "password", "ticket."])
def test_redaction_takes_linear_time(piece):
    def seconds(count):
        started_at = time.process_time()
        redact(piece * count)
        return time.process_time() - started_at

    seconds(100)
    assert seconds(16_000) < 40 * max(seconds(1_600), 0.001)
