"""Checks that a message from Redis has the wire shape that its TypedDict declares."""

import types
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict


class MalformedMessage(ValueError):
    """A message that does not have its declared shape."""


def check_shape(message: Any, shape: type) -> None:
    """Raise MalformedMessage unless `message` is what the TypedDict `shape` declares.

    The layer delivers whatever anybody publishes under its name, such as another version of this
    program: handlers may rely on names and types, not on the values making sense.
    """
    if not _conforms(message, shape):
        raise MalformedMessage(f"not a {shape.__name__}: {str(message)[:200]}")


def _conforms(value: Any, hint: Any) -> bool:
    if hint is Any:
        return True
    if is_typeddict(hint):
        return _is_typed_dict(value, hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_conforms(value, choice) for choice in arguments)
    if origin is Literal:
        return any(type(value) is type(choice) and value == choice for choice in arguments)
    if origin is list:
        return isinstance(value, list) and all(_conforms(item, arguments[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            _conforms(key, arguments[0]) and _conforms(item, arguments[1])
            for key, item in value.items()
        )
    return type(value) is hint  # not isinstance: True is no number here


def _is_typed_dict(value: Any, shape: Any) -> bool:
    if not isinstance(value, dict) or not shape.__required_keys__ <= value.keys():
        return False
    hints = _hints(shape)
    return all(_conforms(item, hints[key]) for key, item in value.items() if key in hints)


@cache
def _hints(shape: Any) -> dict[str, Any]:
    return get_type_hints(shape)
