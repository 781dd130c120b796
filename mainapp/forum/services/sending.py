"""Sending a message with a picture or a file in one request."""

from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.forum.services.messages import post_message
from mainapp.uploads.models import Upload
from mainapp.uploads.services.uploads import delete_upload, store_upload


def post_with_file(
    *,
    room_pk: int,
    author: User,
    body: str,
    name: str,
    data: bytes,
    client_id: UUID,
    reply_to: int | None = None,
) -> Upload:
    """Store a picture or a file and send it; the text is a picture's caption.

    A file has no caption: the text is a message of its own before it. Safe to repeat with the same
    `client_id`; the file is then stored again, and the sweep removes it.
    Raises: DomainError, like `post_message` and `store_upload`; the upload is then deleted.
    """
    upload = store_upload(owner=author, name=name, data=data, at=timezone.now())
    common: dict[str, Any] = {"room_pk": room_pk, "author": author}
    try:
        content: dict[str, Any] = {"upload": upload.pk}
        if upload.kind == Upload.Kind.IMAGE:
            content["caption"] = body
        elif body.strip():
            post_message(**common, body=body, client_id=client_id, reply_to=reply_to)
            client_id, reply_to = uuid5(client_id, "file"), None
        post_message(
            **common, kind=upload.kind, content=content, client_id=client_id, reply_to=reply_to
        )
    except Exception:
        delete_upload(upload=upload)
        raise
    return upload
