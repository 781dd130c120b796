"""Checks of messages from Redis against the wire shapes declared by TypedDicts."""

import types
from collections.abc import Callable
from functools import cache
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

Check = Callable[[Any], bool]


class MalformedMessage(ValueError):
    """A message that does not have its declared shape."""


def check_shape(message: Any, shape: type) -> None:
    """Raise MalformedMessage unless `message` conforms to the TypedDict `shape`.

    Further arguments of an `Annotated` type are functions that must return True for the value.

    The layer delivers anything published under its name, for example by another version of this
    program. Handlers may rely on names and types, but not on plausible values.
    """
    if not _check_of(shape)(message):
        raise MalformedMessage(f"not a {shape.__name__}: {str(message)[:200]}")


# Built once per type: reading the type hints for each quote of a batch took 2 ms.
@cache
def _check_of(hint: Any) -> Check:
    if hint is Any:
        return lambda value: True
    if is_typeddict(hint):
        return _typed_dict_check(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        has_type, *conditions = _check_of(arguments[0]), *arguments[1:]
        return lambda value: has_type(value) and all(holds(value) for holds in conditions)
    if origin in (Union, types.UnionType):
        checks = [_check_of(choice) for choice in arguments]
        return lambda value: any(check(value) for check in checks)
    if origin is Literal:
        choices = {(type(choice), choice) for choice in arguments}
        return lambda value: isinstance(value, str | int) and (type(value), value) in choices
    if origin is list:
        is_item = _check_of(arguments[0])
        return lambda value: isinstance(value, list) and all(map(is_item, value))
    if origin is dict:
        return _dict_check(*arguments)
    # Not isinstance, for which True is an int.
    return lambda value: type(value) is hint


def _dict_check(key: type, item: Any) -> Check:
    if item is Any:
        return lambda value: isinstance(value, dict) and {*map(type, value)} <= {key}
    is_item = _check_of(item)
    return lambda value: (
        isinstance(value, dict)
        and {*map(type, value)} <= {key}
        and all(map(is_item, value.values()))
    )


def _typed_dict_check(shape: Any) -> Check:
    required = shape.__required_keys__
    checks = {
        name: _check_of(hint) for name, hint in get_type_hints(shape, include_extras=True).items()
    }

    def check(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and required <= value.keys()
            and all(name not in value or is_valid(value[name]) for name, is_valid in checks.items())
        )

    return check
