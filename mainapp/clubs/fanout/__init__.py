"""Fan-out of changes of clubs: one hub per process, between the features and the tabs."""

from mainapp.clubs.fanout.archive import Archive, Membership
from mainapp.clubs.fanout.hub import ClubFanout
from mainapp.clubs.fanout.sockets import ClubSocket

__all__ = ["Archive", "ClubFanout", "ClubSocket", "Membership"]
