"""Texts of the operations of clubs."""

from collections.abc import Mapping

from mainapp.api.schema.texts.text import Text

_CLUB = {
    "slug": "clube-da-quinta-k3x9f2ab",
    "name": "Clube da Quinta",
    "description": "Estudamos bancos.",
    "picture": "/clube/clube-da-quinta-k3x9f2ab/imagem/pL0mY2nK9qRsT4uVwXyZ1a/150/",
    "role": "owner",
    "members_count": 3,
}
_KEY = "3mzW_fechpuRUNAfbds4oYgPiR4-kOxI"
_INVITATION = {
    "key": _KEY,
    "url": f"https://pregao.example.org/clubes/convite/{_KEY}/",
    "max_uses": 5,
    "uses": 0,
}
_GONE = "For everybody else the club does not exist: `not_found`, as for a slug that never was."

TEXTS: Mapping[tuple[str, str], Text] = {
    ("get", "clubs/"): Text(
        summary="List one's clubs",
        description="The clubs of which the user is a member, by name.",
        answer=_CLUB,
    ),
    ("post", "clubs/"): Text(
        summary="Found a club",
        description="Found a club, as its owner. At most `CLUBS_A_DAY`.",
        body={"name": "Clube da Quinta", "description": "Estudamos bancos."},
        answer=_CLUB,
        errors=("suspended",),
    ),
    ("get", "clubs/{slug}/"): Text(
        summary="Read a club",
        description=f"A club with one's own role and settings in it. {_GONE}",
        answer=_CLUB,
    ),
    ("patch", "clubs/{slug}/"): Text(
        summary="Change a club, or one's own settings in it",
        description=(
            "Managers change the texts; `filtered_words` has a word or phrase per line. Every "
            "member changes their own `shares_portfolio` and `is_chosen`."
        ),
        body={"name": "Clube da Quinta", "shares_portfolio": True},
        answer=_CLUB,
        errors=("suspended",),
    ),
    ("delete", "clubs/{slug}/"): Text(
        summary="Delete a club",
        description="As an owner, who can restore it for 30 days on the page *Clubes*.",
        errors=("suspended",),
    ),
    ("get", "clubs/{slug}/members/"): Text(
        summary="List the members",
        description="The members of a club, owners and managers first.",
        answer={"role": "owner"},
    ),
    ("patch", "clubs/{slug}/members/{id}/"): Text(
        summary="Change a role",
        description="As an owner. A club keeps at least one owner: `conflict` otherwise.",
        body={"role": "manager"},
        answer={"role": "manager"},
        errors=("suspended", "conflict"),
    ),
    ("delete", "clubs/{slug}/members/{id}/"): Text(
        summary="Remove a member, or leave",
        description=(
            "With one's own id: leave, unless one is the last owner (`conflict`). Managers remove "
            "members, owners everybody. From the response on, the former member's sockets receive "
            "nothing of the club, and older invitations do not let a removed member in."
        ),
        errors=("suspended", "conflict"),
    ),
    ("get", "clubs/{slug}/invitations/"): Text(
        summary="List the invitations",
        description="The links by which people can join, for managers.",
        answer=_INVITATION,
    ),
    ("post", "clubs/{slug}/invitations/"): Text(
        summary="Invite by a link",
        description="A link that is valid for `days` (7) and lets `max_uses` people in (1).",
        body={"days": 7, "max_uses": 5},
        answer=_INVITATION,
        errors=("suspended",),
    ),
    ("delete", "clubs/{slug}/invitations/{id}/"): Text(
        summary="Revoke an invitation",
        description="The link lets nobody in any more. Safe to repeat.",
        errors=("suspended",),
    ),
    ("post", "clubs/join/{key}/"): Text(
        summary="Join a club",
        description=(
            "By the key of an invitation: 201, or 200 for a member, which spends no use. Unknown, "
            "used up, expired and revoked keys all get `not_found`."
        ),
        answer=_CLUB,
        errors=("suspended", "limit_reached"),
    ),
}
