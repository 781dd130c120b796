"""Many services by one dependency: the ones that Apprise knows and that have one host of their own.

What takes any host (`json://`, `mailto://`, a self-hosted ntfy), talks to this machine (`dbus://`,
`syslog://`) or reads files is not in SERVICES and refused, as are options after a `?`.
"""

import re
import sys
from functools import cache
from importlib import import_module
from threading import local
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import requests
from django.utils.translation import gettext_noop as _
from requests.adapters import HTTPAdapter

from mainapp.notifications.transports.addresses import MayContact, is_public, public_address
from mainapp.notifications.transports.base import Parcel, TransportError

# Apprise's scheme: its plugin's module and class, and the host that it may talk to. Only these
# modules are ever loaded.
SERVICES = {
    "tgram": ("telegram", "NotifyTelegram", "api.telegram.org"),
    "discord": ("discord", "NotifyDiscord", "discord.com"),
    "slack": ("slack", "NotifySlack", "hooks.slack.com"),
    "pover": ("pushover", "NotifyPushover", "api.pushover.net"),
    "ntfy": ("ntfy", "NotifyNtfy", "ntfy.sh"),
    "ntfys": ("ntfy", "NotifyNtfy", "ntfy.sh"),
}
HOSTS = {host for _module, _class, host in SERVICES.values()}
ADDRESS = re.compile(r"[a-z]+://[A-Za-z0-9_:@/.#+-]+")
MAX_ADDRESS = 500
TIMEOUT_S = 5.0


class AppriseTransport:
    """Sends by Apprise's plugins, which reach their own service and nothing else."""

    def check(self, address: str) -> str:
        _plugin(address)
        return address

    def send(self, parcel: Parcel) -> None:
        plugin = _plugin(parcel.address)
        text = f"{parcel.text}\n{parcel.url}".strip()
        guard = _guard_of(type(plugin).__module__)
        if not plugin.notify(body=text, title=parcel.subject):
            raise guard.last_error() or TransportError(_("o serviço recusou a mensagem"))


class Guard:
    """What a plugin takes for the module `requests`: calls go to known, public hosts only."""

    def __init__(self, may_contact: MayContact = is_public) -> None:
        self._may_contact = may_contact
        self._said = local()  # each thread's own

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self.request("POST", url, **options)

    def get(self, url: str, **options: Any) -> requests.Response:
        return self.request("GET", url, **options)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send by an adapter of our own, without redirects or a proxy of the environment."""
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", _Pinned(self._may_contact))
            session.adapters.pop("http://", None)
            given = {**options, "timeout": TIMEOUT_S, "allow_redirects": False, "verify": True}
            try:
                answer = session.request(method, url, **given)
            except TransportError as error:
                self._note(error)
                raise requests.ConnectionError(str(error)) from error
            except requests.RequestException as error:
                self._note(TransportError(type(error).__name__))
                raise
            if not answer.ok:
                self._note(TransportError(f"{answer.status_code} {answer.reason}"))
            return answer

    def last_error(self) -> TransportError | None:
        """Return why the last call of this thread failed, once."""
        error: TransportError | None = self._said.__dict__.pop("error", None)
        return error

    def _note(self, error: TransportError) -> None:
        self._said.error = error


class _Pinned(HTTPAdapter):
    """Resolves once, checks, and connects to what was checked, under the service's name."""

    def __init__(self, may_contact: MayContact) -> None:
        self._may_contact = may_contact
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        parts = urlsplit(str(request.url))
        host = str(parts.hostname)
        if parts.scheme != "https" or host not in HOSTS or parts.port:
            raise TransportError(_("este servidor não é aceito"), permanent=True)
        address = public_address(host, 443, self._may_contact)
        literal = f"[{address}]" if ":" in address else address
        request.url = parts._replace(netloc=literal).geturl()
        request.headers["Host"] = host
        self.poolmanager.connection_pool_kw |= {"server_hostname": host, "assert_hostname": host}
        return super().send(request, *args, **options)


def _plugin(address: str) -> Any:
    """Return the plugin for an address. Raises: TransportError for one that is not allowed."""
    scheme = address.partition("://")[0]
    if scheme not in SERVICES:
        raise TransportError(_("este serviço não está entre os aceitos"), permanent=True)
    if len(address) > MAX_ADDRESS or not ADDRESS.fullmatch(address):
        raise TransportError(_("isto não é um endereço deste serviço"), permanent=True)
    module, name, _host = SERVICES[scheme]
    # Loading takes a third of a second, for the few who use it.
    made = getattr(import_module(f"apprise.plugins.{module}"), name)
    try:
        plugin = made(**made.parse_url(address))
    except (TypeError, ValueError, LookupError):
        plugin = None
    if plugin is None or getattr(plugin, "mode", "cloud") not in ("cloud", "hook"):
        raise TransportError(_("isto não é um endereço deste serviço"), permanent=True)
    _guard_of(made.__module__)
    return plugin


@cache
def _guard_of(module_name: str) -> Guard:
    """Put a guard in the place of `requests` in a plugin's module."""
    module: ModuleType = sys.modules[module_name]
    guard = Guard()
    module.requests = guard  # type: ignore[attr-defined] # the plugin's own name for it
    return guard
