"""Fan-out of inboxes: one hub per process, between the database and the tabs."""

from mainapp.notifications.fanout.archive import Archive, InboxChanges, LatestIds
from mainapp.notifications.fanout.hub import InboxFanout
from mainapp.notifications.fanout.sockets import InboxSocket

__all__ = ["Archive", "InboxChanges", "InboxFanout", "InboxSocket", "LatestIds"]
