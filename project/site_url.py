"""The site's own URL, with which links in mails and messages begin."""

from collections.abc import Sequence

from project.environment import Refusal, env

WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 - only compared, never bound
DEFAULT_PORT = 8000


def read_site_url(origins: Sequence[str] = (), *, must_be_known: bool = False) -> str:
    """Return SITE_URL, else the first origin without a wildcard, else an empty string.

    With `must_be_known`, raises Refusal instead of returning an empty string.
    """
    url = env.site_url("SITE_URL") or next((each for each in origins if "*" not in each), "")
    if not url and must_be_known:
        raise Refusal(
            "SITE_URL is not set: with EMAIL_HOST it has to be the address that people use, such "
            "as https://pregao.example, where the links in e-mails begin"
        )
    return url


def own_url(port: int | None = None) -> str:
    """Return the URL at which this machine reaches its server on HOST and PORT (or `port`)."""
    host = env.host("HOST", "127.0.0.1")
    port = port or env.port("PORT", default=DEFAULT_PORT, minimum=0)
    name = "localhost" if host in WILDCARDS else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"
