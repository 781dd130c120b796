"""Builders of the hub's frames: update, snapshot, heartbeat, ranking, lists, chat."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from mainapp.core.realtime.frames import encode
from mainapp.market.events import ChatMessage, Feed, Session
from mainapp.market.quotes import iso


def update_head(seq: int) -> bytes:
    """Return the start of an update frame; the quotes and `}}` complete it."""
    return b'{"type":"update","seq":%d,"quotes":{' % seq


def update_frame(seq: int, quotes_json: bytes) -> bytes:
    return b'{"type":"update","seq":%d,"quotes":%b}' % (seq, quotes_json)


def snapshot_frame(head: dict[str, Any], quotes_json: bytes) -> bytes:
    return b'%b,"quotes":%b}' % (encode({"type": "snapshot"} | head)[:-1], quotes_json)


def heartbeat_frame(
    *,
    seq: int,
    at: datetime,
    session: Session,
    feed: Feed,
    batch_at: datetime | None,
    late: Collection[str] = (),
) -> bytes:
    frame = {
        "type": "heartbeat",
        "seq": seq,
        "server_time": iso(at),
        "session": session,
        "feed": feed,
        "batch_at": iso(batch_at),
    }
    return encode(frame | {"late": sorted(late)} if late else frame)


def ranking_frame(
    seq: int, ranking: dict[str, list[str]], quotes_json: bytes, *, changes: dict[str, str]
) -> bytes:
    head = encode({"type": "ranking", "seq": seq} | ranking | {"changes": changes})
    return b'%b,"quotes":%b}' % (head[:-1], quotes_json)


def lists_frame() -> bytes:
    return encode({"type": "lists"})


def chat_frame(message: ChatMessage) -> bytes:
    sent = {name: message[name] for name in ("user", "message", "sent_at")}
    return encode({"type": "message"} | sent)
