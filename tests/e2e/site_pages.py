"""Every address of the site and the people who may read it, with data to show.

The addresses come from the policy tables, which `manage.py policies check` compares with the URLs,
so that no new page is forgotten. Files, data and fragments are among them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mainapp.core.policies import EVERYONE, Who, page_policies
from tests.e2e.people import take_cookie
from tests.e2e.shell import Shell
from tests.instances import Instance

# Addresses in addition to the plain ones: the same pages with a query string.
QUERIES: dict[str, list[str]] = {
    "alerts": ["?state=paused"],
    "create-alert": ["?ticker=PETR4"],
    "create-carteira": ["?stock=PETR4"],
    "conversas": ["?q=a"],
    "graph": ["?ticker=PETR4"],
    "nova-conversa": ["?q=a"],
    "stockpicker": ["?q=banco"],
    "stocktracker": ["?stockpicker=PETR4&stockpicker=VALE3&stockpicker=BBAS3"],
}
# Objects of the addresses that are not created here: those of the demonstration data, and files.
NOT_MADE = ("holding", "avatar", "logo", "tracker")
ERRORS = {"not-found": "/nothing-here/", "bad-request": "/sources/?q=%00"}
# Every kind of reader, by what they are to the objects of the addresses. The owner is also the host
# of the room.
READERS = {"visitor": Who.ANONYMOUS, "newcomer": Who.OTHER, "owner": Who.OWNER, "staff": Who.ADMIN}
ENDS_SESSION = "confirm-email"  # of everybody but the address's owner
HOSTED = (
    "room",
    "conversation",
    "club",
    "club member",
    "club invitation",
    "club picture",
    "deleted club",
    "event",
)
# Fills an owner's account and writes the address of each page. Objects are those of the policy
# tests. The newcomer and the owner keep what the pages themselves create.
PREPARE = """
import json
from pathlib import Path
from django.urls import reverse
from mainapp.accounts.models import User
from mainapp.core.policies import page_policies
from mainapp.forum.models import Message
from mainapp.pages.management.commands import seed_demo
from mainapp.pages.tests.world import OBJECTS, World
from mainapp.portfolio.models import Carteira

users = {{role: User.objects.get(username=name) for role, name in {names!r}.items()}}
User.objects.filter(pk=users["staff"].pk).update(access_level=User.Access.ADMIN)
talkers = {{"ana": users["owner"], "beto": users["staff"], "clara": users["staff"]}}
for room in seed_demo.ROOMS:
    seed_demo.open_room(talkers, room | {{"host": "ana"}})
seed_demo.fill_lists(users["owner"])
message = Message.objects.filter(author=users["owner"]).first()
people = {{"owner": users["owner"], "host": users["owner"], "other": users["staff"]}}
world = World(people, {{}}, message.room, message)
arguments = {{of: make(world) for of, (make, _) in OBJECTS.items() if of not in {not_made!r}}}
arguments["holding"] = {{"pk": Carteira.objects.filter(owner=users["owner"]).first().pk}}
addresses = {{
    name: reverse(name, kwargs=arguments[page.of] if page.of else {{}})
    for name, page in page_policies().items()
    if page.of in ("", *arguments)
}}
Path({path!r}).write_text(json.dumps(addresses))
"""


@dataclass(frozen=True)
class SitePage:
    """One address, and a name for it that is a file name."""

    name: str
    address: str


@dataclass(frozen=True)
class Readers:
    """The readers' cookies, and the addresses of the pages by name."""

    cookies: dict[str, str]
    addresses: dict[str, str]

    def all_pages(self) -> list[SitePage]:
        """Return every address, the errors included."""
        return [*self._pages_for(EVERYONE)]

    def pages_of(self, reader: str) -> list[SitePage]:
        """Return what a reader may see, without the page that would end their session."""
        keeps = reader in ("visitor", "owner")
        pages = self._pages_for(READERS[reader])
        return [page for page in pages if keeps or page.name != ENDS_SESSION]

    def _pages_for(self, readers: Who) -> Iterator[SitePage]:
        for name, address in sorted(self.addresses.items()):
            policy = page_policies()[name]
            role = Who.HOST if readers is Who.OWNER and policy.of in HOSTED else readers
            if policy.methods.get("GET", Who(0)) & role:
                yield SitePage(name, address)
                for number, query in enumerate(QUERIES.get(name, []), 2):
                    yield SitePage(f"{name}-{number}", address + query)
        for name, address in ERRORS.items():
            yield SitePage(name, address)


def prepare_readers(site: Instance, shell: Shell) -> Readers:
    """Give an owner data of every kind, and return the readers and all addresses."""
    taken = {reader: take_cookie() for reader in READERS if reader != "visitor"}
    path = site.data_dir / "addresses"
    names = {reader: name for reader, (name, _) in taken.items()}
    shell(PREPARE.format(names=names, path=str(path), not_made=NOT_MADE))
    addresses = json.loads(Path(path).read_text())
    return Readers({reader: cookie for reader, (_, cookie) in taken.items()}, addresses)
