"""The shape of our messages. Others are discarded: one that is not JSON would end the worker."""

from base64 import b64decode
from typing import Any, Literal, TypedDict

from kombu.utils.json import loads

from mainapp.core.realtime.messages import MalformedMessage, check_shape


class _Delivery(TypedDict):
    exchange: str
    routing_key: str


class _RequiredProperties(TypedDict):
    delivery_tag: str
    delivery_info: _Delivery


class _Properties(_RequiredProperties, total=False):
    body_encoding: Literal["base64"]  # of our own tasks; without it, the body is text


class _Headers(TypedDict, total=False):
    task: str
    id: str
    retries: int
    eta: str | None
    expires: str | None
    timelimit: list[int | float | None]
    compression: None
    stamped_headers: list[str] | None
    stamps: dict[str, Any] | None
    group: str | None
    root_id: str | None
    parent_id: str | None
    ignore_result: bool
    replaced_task_nesting: int


_Message = TypedDict(
    "_Message",
    {
        "body": str,
        "content-type": str,
        "content-encoding": str,
        "headers": _Headers,
        "properties": _Properties,
    },
)


def checked_loads(text: str) -> Any:
    """Return a message, or an unacknowledged one with its exchange and routing key.

    Raises: MalformedMessage.
    """
    try:
        loaded = loads(text)
        message = loaded[0] if isinstance(loaded, list) and len(loaded) == 3 else loaded
        check_shape(message, _Message)
        if "body_encoding" in message["properties"]:
            b64decode(message["body"], validate=True)
    except (ValueError, RecursionError) as error:
        raise MalformedMessage(str(error)[:200]) from None
    if "task" in message["headers"] and "id" not in message["headers"]:
        raise MalformedMessage("a task without an id")
    return loaded
