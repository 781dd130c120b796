"""The hub's interfaces to the database and to its sockets."""

from collections.abc import Collection, Mapping
from typing import Protocol

from mainapp.core.realtime import SocketWriter
from mainapp.ideas.events import LiveIdea


class Archive(Protocol):
    """The queries that the hub runs on its query threads."""

    def states(
        self, known: Mapping[int, int], users: Mapping[int, Collection[int]]
    ) -> dict[int, LiveIdea]: ...

    def blockers(
        self, users: Collection[int], authors: Collection[int]
    ) -> set[tuple[int, int]]: ...


class IdeaSocket(Protocol):
    """A consumer, as the hub sees it."""

    user_id: int | None
    writer: SocketWriter

    def end(self, code: int) -> None: ...


def has_lost_access(socket: IdeaSocket, state: LiveIdea, checked: Collection[int]) -> bool:
    """Return whether a socket's user may no longer see an idea.

    Users outside `checked` have joined since, and were checked then.
    """
    if state.readers is None:
        return False
    return socket.user_id is None or (
        socket.user_id in checked and socket.user_id not in state.readers
    )
