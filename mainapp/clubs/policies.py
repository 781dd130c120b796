"""Permissions in clubs."""

from mainapp.core.policies import HOST, OWNER, Socket

# A club belongs to its members: `OWNER` is one of them, `HOST` an owner or a manager.
OF_MEMBERS = OWNER | HOST

SOCKET = Socket(opens=OF_MEMBERS, frames={"ping": OF_MEMBERS}, of="club")
