"""Fan-out of inboxes: one hub per process, between the database and the tabs."""

from mainapp.notifications.fanout.archive import Archive, Head, News
from mainapp.notifications.fanout.hub import InboxFanout
from mainapp.notifications.fanout.sockets import InboxSocket

__all__ = ["Archive", "Head", "InboxFanout", "InboxSocket", "News"]
