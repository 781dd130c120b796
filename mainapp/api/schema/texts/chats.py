"""Texts of the operations of direct rooms, groups and blocks."""

from collections.abc import Mapping

from mainapp.api.schema.texts.text import Text

MESSAGE_ID = "6f1c0f0e-5d0c-4c7e-9f6e-3a1d0a6f0002"
_CHAT = {"kind": "group", "name": "Grupo de estudos", "muted_until": None, "excerpt": "Bom dia!"}
_UPLOAD = {"kind": "image", "state": "ready", "reason": "", "name": "grafico.png"}
_LIST_CHATS = Text(
    summary="List the chats",
    description=(
        "The user's direct rooms and groups, the most recently active first, with unread messages, "
        "the newest message and the participants."
    ),
    answer=_CHAT,
)
_OPEN_CHAT = Text(
    summary="Open a chat",
    description=(
        "One other person and no `name`: the direct room with that person (201 if it is new, 200 "
        "if it exists). Otherwise a new group, each time. People who are unknown, deactivated, or "
        "blocked in either direction all get the same `unavailable_person`."
    ),
    body={"user_ids": [1], "name": "Grupo de estudos"},
    answer=_CHAT,
    errors=("unavailable_person", "suspended", "new_account"),
)

TEXTS: Mapping[tuple[str, str], Text] = {
    ("get", "chats/"): _LIST_CHATS,
    ("post", "chats/"): _OPEN_CHAT,
    ("get", "message/rooms/"): _LIST_CHATS,
    ("post", "message/rooms/"): _OPEN_CHAT,
    ("get", "chats/{id}/"): Text(
        summary="Read a chat",
        description="One of the user's direct rooms and groups.",
        answer=_CHAT,
    ),
    ("patch", "chats/{id}/"): Text(
        summary="Rename a group",
        description="Rename a group, as its host. Its participants get a system message.",
        body={"name": "Grupo de estudos"},
        answer=_CHAT,
        errors=("suspended",),
    ),
    ("post", "chats/{id}/leave/"): Text(
        summary="Leave a chat",
        description=(
            "Leave a group, whose host is then its oldest participant; or hide a direct room until "
            "its next message."
        ),
    ),
    ("post", "chats/{id}/participants/"): Text(
        summary="Add people to a group",
        description="Add people to a group, as its host. They read it from now on.",
        body={"user_ids": []},
        answer=_CHAT,
        errors=("unavailable_person", "suspended"),
    ),
    ("delete", "chats/{id}/participants/{user_pk}/"): Text(
        summary="Remove a participant",
        description=(
            "Remove somebody from a group, as its host. From the response on, the removed person's "
            "sockets receive nothing more from the room."
        ),
        errors=("suspended",),
    ),
    ("post", "rooms/{id}/read/"): Text(
        summary="Mark a room as read",
        description="Move the user's read mark up to `seq`. It never moves back.",
        body={"seq": 1},
    ),
    ("post", "rooms/{id}/mute/"): Text(
        summary="Mute a room",
        description="Turn off notifications of a room until a time; null turns them on again.",
        body={"until": None},
    ),
    ("post", "rooms/{id}/messages/{seq}/reactions/"): Text(
        summary="React to a message",
        description="Add or remove one of eight reactions; safe to repeat. Returns all of them.",
        body={"emoji": "👍", "on": True},
        answer={"emoji": "👍", "mine": True},
        errors=("muted", "suspended", "closed", "unavailable_person"),
    ),
    ("post", "message/messages/send/"): Text(
        summary="Send a typed message",
        description=(
            "The same as posting to `rooms/{id}/messages/`, in the form of other services. A "
            "picture with a foreign `url` becomes a link; no address is ever fetched."
        ),
        body={"room_id": 1, "type_message": "text", "content": {"text": "Bom dia!"}},
        answer={"client_id": None},
        errors=(
            *("muted", "suspended", "new_account", "closed", "too_long"),
            *("unavailable_person", "not_found"),
        ),
    ),
    ("get", "uploads/"): Text(
        summary="List the uploads",
        description="The user's pictures and files, the newest first.",
        answer=_UPLOAD,
    ),
    ("post", "uploads/"): Text(
        summary="Upload a picture or a file",
        description=(
            "A JPEG, PNG, WebP or GIF picture, or a PDF, CSV or XLSX file, of up to 10 MiB. A "
            "picture is stored re-encoded, upright and without metadata; its thumbnails follow. "
            "Only the user can open an upload until a message has its `id` as `upload`; without a "
            "message it is removed after a day."
        ),
        body={"file": "(the bytes of grafico.png)"},
        answer=_UPLOAD,
        errors=("suspended", "new_account"),
    ),
    ("get", "uploads/{id}/"): Text(
        summary="Read an upload",
        description="The state of one of the user's uploads: `pending`, `ready` or `failed`.",
        answer=_UPLOAD,
    ),
    ("delete", "uploads/{id}/"): Text(
        summary="Delete an upload",
        description="Delete one of the user's uploads with its files.",
    ),
    ("get", "complaints/"): Text(
        summary="List one's complaints",
        description="The user's own complaints, the newest first.",
        answer={"kind": "profile", "category": "spam", "reason": "Propaganda.", "state": "open"},
    ),
    ("post", "complaints/"): Text(
        summary="Complain",
        description=(
            "About a message, a file or a person's profile, once each: a repetition returns the "
            "first complaint. Moderators see a copy; of a private room, only the message and the "
            "five before and after it. The person concerned does not learn who complained."
        ),
        body={"kind": "profile", "id": 1, "category": "spam", "reason": "Propaganda."},
        answer={"kind": "profile", "category": "spam", "reason": "Propaganda.", "state": "open"},
    ),
    ("get", "blocks/"): Text(
        summary="List the blocked people",
        description="The people whom the user blocks, the newest block first.",
    ),
    ("post", "blocks/"): Text(
        summary="Block a person",
        description=(
            "Prevents direct rooms, mentions, notifications and invitations in both directions. "
            "The blocked person is not told. Safe to repeat."
        ),
        body={"user_id": 1},
        errors=("not_found",),
    ),
    ("delete", "blocks/{id}/"): Text(
        summary="Unblock a person",
        description="Unblock the user with this id. Safe to repeat.",
    ),
}
