"""The mail server and the sender, from the environment."""

import re
from dataclasses import dataclass

from project.environment import Refusal, env

SMTPS_PORT, SUBMISSION_PORT = 465, 587
FILES_SENDER = "Pregão <pregao@localhost>"
_ADDRESS = re.compile(r"[^\s<>@,;\"]+@[^\s<>@,;\"]+\.[^\s<>@,;\"]+")


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """`security` is `none`, `starttls`, or `tls` (from the first byte)."""

    host: str
    port: int
    user: str
    password: str
    security: str
    sender: str


def read_mail_settings() -> MailSettings:
    """Return the settings; with an empty `host`, e-mails are written to files. Raises: Refusal."""
    host, user = env.host("EMAIL_HOST"), env.text("EMAIL_HOST_USER")
    is_tls_port = env.port("EMAIL_PORT", default=SUBMISSION_PORT) == SMTPS_PORT
    is_tls = env.boolean("EMAIL_USE_SSL", default=is_tls_port)
    is_starttls = env.boolean("EMAIL_USE_TLS", default=not is_tls)
    if is_tls and is_starttls and not is_tls_port:
        raise Refusal(
            "EMAIL_USE_SSL and EMAIL_USE_TLS exclude each other: the first is TLS from the start "
            f"(port {SMTPS_PORT}), the second STARTTLS (port {SUBMISSION_PORT})"
        )
    return MailSettings(
        host=host,
        port=env.port("EMAIL_PORT", default=SMTPS_PORT if is_tls else SUBMISSION_PORT),
        user=user,
        password=env.secret("EMAIL_HOST_PASSWORD"),
        security="tls" if is_tls else "starttls" if is_starttls else "none",
        sender=_sender(host, user),
    )


def _sender(host: str, user: str) -> str:
    """Return EMAIL_FROM, or the log-in name if it is an address. Raises: Refusal."""
    if not host:
        return env.sender("EMAIL_FROM", FILES_SENDER)
    is_address = user.isascii() and _ADDRESS.fullmatch(user)
    default = f"Pregão <{user}>" if is_address else FILES_SENDER
    sender = env.sender("EMAIL_FROM", default)
    # Mail servers refuse senders in the domain `localhost`.
    if sender == FILES_SENDER and host not in ("localhost", "127.0.0.1", "::1"):
        raise Refusal(
            "EMAIL_FROM is not set: with EMAIL_HOST it has to be an address that the mail server "
            "accepts as the sender, such as Pregão <pregao@example.org>"
        )
    return sender
