"""Hubs of the accounts: ended log-ins, and presence on the site."""

from mainapp.accounts.fanout.logins import LoginHub, Rights
from mainapp.accounts.fanout.online import OnlineUsers
from mainapp.accounts.fanout.presence import PresenceFanout
from mainapp.accounts.fanout.sockets import PresenceSocket

__all__ = ["LoginHub", "OnlineUsers", "PresenceFanout", "PresenceSocket", "Rights"]
