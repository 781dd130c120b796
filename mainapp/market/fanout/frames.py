"""The frames that the hub writes itself: update, snapshot, heartbeat, ranking, chat."""

from datetime import datetime
from typing import Any

from mainapp.market.events import ChatSaid, Feed, Session
from mainapp.market.fanout.prices import encode
from mainapp.market.quotes import iso


def update_frame(seq: int, quotes_json: str) -> str:
    return f'{{"type":"update","seq":{seq},"quotes":{quotes_json}}}'


def snapshot_frame(head: dict[str, Any], quotes_json: str) -> str:
    return f'{encode({"type": "snapshot"} | head)[:-1]},"quotes":{quotes_json}}}'


def heartbeat_frame(
    *, seq: int, at: datetime, session: Session, feed: Feed, batch_at: datetime | None
) -> str:
    return encode(
        {
            "type": "heartbeat",
            "seq": seq,
            "server_time": iso(at),
            "session": session,
            "feed": feed,
            "batch_at": iso(batch_at),
        }
    )


def ranking_frame(seq: int, ranking: dict[str, list[str]], quotes_json: str) -> str:
    head = encode({"type": "ranking", "seq": seq} | ranking)
    return f'{head[:-1]},"quotes":{quotes_json}}}'


def chat_frame(said: ChatSaid) -> str:
    kept = {name: said[name] for name in ("user", "message", "sent_at")}
    return encode({"type": "message"} | kept)
