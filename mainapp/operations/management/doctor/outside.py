"""Checks of the mail server and of quote sources."""

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext

from mainapp.market.providers.configured import build_chain
from mainapp.market.providers.probing import probe
from mainapp.notifications.transports import smtp
from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.mail import configured_server
from mainapp.operations.management.doctor.findings import Finding, fault, ok


def check_mail() -> Iterator[Finding]:
    """Connect, start TLS and log in; no message is sent."""
    server = configured_server()
    if not server.host:
        yield ok(f"no EMAIL_HOST: messages are written to {settings.EMAIL_FILE_PATH}")
        return
    address = f"{server.host}:{server.port}"
    try:
        smtp.check(server)
    except TransportError as error:
        text = gettext(str(error))
        reason = error.detail or text
        yield fault(f"{address}: {text} ({reason}): check the settings that begin with EMAIL_")
        return
    login = "log-in accepted" if server.user else "without a log-in"
    yield ok(f"{address} answers, security {server.security}, {login}")


def check_sources() -> Iterator[Finding]:
    """Call each source once, within its budget; paused sources are not called."""
    if settings.QUOTE_KIND != "real":
        yield ok(f"{', '.join(settings.QUOTE_SOURCE)}: no outside source is used")
        return
    chain = build_chain()
    admitted = []
    for name in settings.QUOTE_SOURCE:
        admission = chain.spend(name)
        if admission.calls:
            admitted.append(name)
        else:
            reason = admission.reason or "its budget or a pause allows no call"
            yield fault(f"{name} is not called: {reason}; wait, or look at the page Fontes")
    answered, errors = probe(admitted)
    for name in answered:
        yield ok(f"{name} answers")
    for name, error in errors.items():
        yield fault(f"{name}: {error}: check its address, its key and the network")
