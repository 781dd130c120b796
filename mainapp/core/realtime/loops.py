"""Objects that exist once per event loop, such as hubs: created on first use, stopped together."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class OnePerLoop(Generic[T]):
    """Returns the running event loop's object when called; `make` creates it on the first call.

    A server process runs one loop and thus has one object; each test runs its own loop.
    """

    registered: ClassVar[list["OnePerLoop[Any]"]] = []
    _objects: ClassVar[
        WeakKeyDictionary[asyncio.AbstractEventLoop, dict["OnePerLoop[Any]", Any]]
    ] = WeakKeyDictionary()

    def __init__(self, make: Callable[..., T], *arguments: Any) -> None:
        self.make = make
        self._arguments = arguments
        self.registered.append(self)

    def __call__(self) -> T:
        objects = self._objects.setdefault(asyncio.get_running_loop(), {})
        if self not in objects:
            created: T = self.make(*self._arguments)
            objects[self] = created
            if start := getattr(created, "start", None):
                start()
        existing: T = objects[self]
        return existing

    def existing(self) -> T | None:
        """Return the running loop's object; None if it was not created yet."""
        return self._objects.get(asyncio.get_running_loop(), {}).get(self)

    @classmethod
    def pop_all(cls) -> list[Any]:
        """Remove the running loop's objects and return them, the newest first."""
        objects = cls._objects.pop(asyncio.get_running_loop(), {})
        return list(reversed(objects.values()))
