"""Helpers for logging in and following mailed links."""

import re
from urllib.parse import urlsplit

PASSWORD = "um-segredo-longo"


def log_in(client, name="alice", password=PASSWORD, *, headers=None, **more):
    return client.post("/login/", {"login": name, "password": password} | more, headers=headers)


def link_of(message):
    """Return the path of the first link in a message."""
    link = re.search(r"https?://\S+/accounts/\S+", message.body)
    assert link, message.body
    return urlsplit(link[0]).path
