"""Redaction of secrets in log records and in telemetry.

Imports no Django: the launcher logs before the settings are read.
"""

import re
from collections.abc import Callable, Iterable
from functools import partial

HIDDEN = "…"
# Shorter secrets would hide parts of common words; they are redacted only next to their name.
MIN_SECRET = 8

# Paths that end in a key which replaces a log-in. A test compares them with the URLs.
SECRET_PATHS = (
    "accounts/unlock",
    "accounts/confirm-email",
    "accounts/password/reset/key",
    "alerts/unsubscribe",
    "notifications/channels/confirm",
    "notifications/news",
    "clubes/convite",
    "clubs/join",
    "lists",
)
_NAMES = (
    "password|passwd|senha|secret|token|ticket|cookie|authorization|api[_-]?key|apikey|sessionid"
    "|csrftoken|signature|private[_-]?key|otp"
)
# Repetitions over text from clients are bounded: a header line may have 64 KiB.
_PATTERNS: tuple[tuple[str, str], ...] = (
    (rf"(/(?:{'|'.join(SECRET_PATHS)})/)[^/\s?#\"'<>]+", r"\1" + HIDDEN),
    (r"(/agenda/)[^/\s?#\"'<>]+(?=/agenda\.ics)", r"\1" + HIDDEN),
    (r"(/bot)\d+:[\w-]+", r"\1" + HIDDEN),  # of Telegram
    (r"(/webhooks/\d+/)[\w-]+", r"\1" + HIDDEN),  # of Discord
    (r"(/services/)T[\w/-]+", r"\1" + HIDDEN),  # of Slack
    (r"(://)[^/\s@\"'<>]{1,300}@", r"\1" + HIDDEN + "@"),
    (r"([?&][\w.\-\[\]%]{1,60}=)[^&\s\"'<>#)]+", r"\1" + HIDDEN),
    (r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?", HIDDEN),
    (r"\bticket\.[\w.~=-]+", "ticket." + HIDDEN),
    (r"(?i)(\b(?:set-)?cookie[\"']?\s?[:=]\s?)[^\r\n]+", r"\1" + HIDDEN),
    (r"(?i)(\bauthorization[\"']?\s?[:=]\s?)[^\r\n,}]+", r"\1" + HIDDEN),
    (r"(?i)\b(bearer|basic)\s[\w.~+/=-]{6,}", r"\1 " + HIDDEN),
    (r"(?i)\b(token)\s(?=[a-z_.~+/=-]*\d)[\w.~+/=-]{6,}", r"\1 " + HIDDEN),
    (r"([\"'](?:access|refresh|key|code)[\"']\s?[:=]\s?)(?:\"[^\"]*\"|'[^']*')", r"\1" + HIDDEN),
    (
        rf"(?i)(\b[\w-]{{0,40}}(?:{_NAMES})\d?[\"']?\s?[:=]\s?)"
        r"(?:b?\"[^\"]*\"|b?'[^']*'|[^\s,;&})\]]+)",
        r"\1" + HIDDEN,
    ),
)
_COMPILED = tuple((re.compile(pattern), hidden) for pattern, hidden in _PATTERNS)

Redact = Callable[[str], str]


def redact(text: str, secrets: "re.Pattern[str] | None" = None) -> str:
    """Return `text` without keys, passwords, tokens, cookies and query string values."""
    if secrets is not None:
        text = secrets.sub(HIDDEN, text)
    for pattern, hidden in _COMPILED:
        text = pattern.sub(hidden, text)
    return text


def redaction(secrets: Iterable[str] = ()) -> Redact:
    """Return a `redact` that also hides these values (of settings) wherever they occur."""
    values = sorted({value for value in secrets if len(value) >= MIN_SECRET}, key=len, reverse=True)
    if not values:
        return redact
    return partial(redact, secrets=re.compile("|".join(map(re.escape, values))))
