"""What a person does to enter."""

import re
from urllib.parse import urlsplit

PASSWORD = "um-segredo-longo"


def log_in(client, name="alice", password=PASSWORD, *, headers=None, **more):
    return client.post("/login/", {"login": name, "password": password} | more, headers=headers)


def link_of(message):
    """Return the path of the first link in a message."""
    found = re.search(r"https?://\S+/accounts/\S+", message.body)
    assert found, message.body
    return urlsplit(found[0]).path
