"""Checks of settings, web push and quotas."""

from collections.abc import Iterator
from ipaddress import ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from mainapp.core.limits.seeding import ineffective_settings
from mainapp.notifications.transports import vapid
from mainapp.operations.management.doctor.findings import Finding, fault, ok

LEAST_KEY, LEAST_CHARACTERS = 50, 5
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_settings() -> Iterator[Finding]:
    key = settings.SECRET_KEY
    if len(key) < LEAST_KEY or len(set(key)) < LEAST_CHARACTERS:
        yield fault(f"SECRET_KEY is short: make it at least {LEAST_KEY} random characters")
    else:
        yield ok(f"SECRET_KEY has {len(key)} characters")
    if settings.DEBUG:
        yield fault("DEBUG is on: unset it, as error pages would show settings to visitors")
    yield from _addresses()
    if any(map(_is_everyone, settings.TRUSTED_PROXIES)):
        yield fault("TRUSTED_PROXIES trusts every address: name only the proxies")


def _is_everyone(proxy: str) -> bool:
    return proxy == "*" or ip_network(proxy).prefixlen == 0


def _addresses() -> Iterator[Finding]:
    if "*" in settings.ALLOWED_HOSTS:
        yield fault("ALLOWED_HOSTS allows every name: name the site's hosts")
    parts = urlsplit(settings.SITE_URL)
    host = parts.hostname or ""
    if host in LOOPBACK:
        yield ok(f"SITE_URL is {settings.SITE_URL}: links work on this machine only")
    elif not validate_host(host, settings.ALLOWED_HOSTS):
        yield fault(f"ALLOWED_HOSTS has no {host}, the host of SITE_URL: add it")
    elif parts.scheme != "https":
        yield fault(f"SITE_URL is {settings.SITE_URL}: use https, which log-ins and push need")
    else:
        yield ok(f"SITE_URL is {settings.SITE_URL}")


def check_web_push() -> Iterator[Finding]:
    try:
        vapid.private_key()
    except (vapid.KeyMissing, OSError, ValueError) as error:
        yield fault(f"no key ({error}): run setup, or restore it with `restore --keys FILE`")
        return
    contact = vapid.contact()
    if contact:
        yield ok(f"key present, contact {contact}")
    else:
        yield fault("Apple refuses the contact: set EMAIL_FROM or SITE_URL to a public address")


def check_quotas() -> Iterator[Finding]:
    lines = list(ineffective_settings())
    yield from map(fault, lines)
    if not lines:
        yield ok("no setting contradicts the default plan")
