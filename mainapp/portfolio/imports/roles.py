"""The columns of a table by their roles, the doubts about them, and the user's choices."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from mainapp.portfolio.imports.tables import Table
from mainapp.portfolio.imports.titles import Role

IGNORED = "ignorar"  # the user's choice for a column without a role


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A question to the user: which of the columns at `places` has the role, if any?"""

    role: Role
    places: tuple[int, ...]
    text: str


@dataclass(slots=True)
class Columns:
    """The column of each role. The table is read if no role is missing and there is no doubt.

    `ignored` are the columns that the user chose not to use.
    """

    roles: dict[Role, int] = field(default_factory=dict)
    ignored: set[int] = field(default_factory=set)
    doubts: list[Doubt] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def missing(self) -> list[Role]:
        needed = [Role.ATIVO, Role.QUANTIDADE, Role.PRECO_MEDIO]
        if Role.CUSTO_TOTAL in self.roles:
            needed.remove(Role.PRECO_MEDIO)
        return [role for role in needed if role not in self.roles]

    def role_at(self, place: int) -> Role | None:
        return next((role for role, each in self.roles.items() if each == place), None)


def apply_choices(table: Table, columns: Columns, chosen: Mapping[int, str]) -> Columns:
    """Return the columns with the user's choices in place of what was found."""
    role_by_place = {place: columns.role_at(place) for place in range(table.full_width)}
    roles = {role.value: role for role in Role}
    role_by_place |= {
        place: roles.get(name) for place, name in chosen.items() if place in role_by_place
    }
    places: dict[Role, list[int]] = {}
    for place, role in role_by_place.items():
        if role:
            places.setdefault(role, []).append(place)
    answered = {place for place, name in chosen.items() if name}
    doubts = [
        doubt
        for doubt in columns.doubts
        if doubt.role not in places and not answered.issuperset(doubt.places)
    ]
    text = _("foi escolhido em mais de uma coluna.")
    doubts += [
        Doubt(role=role, places=tuple(each), text=text)
        for role, each in places.items()
        if len(each) > 1
    ]
    return Columns(
        roles={role: each[0] for role, each in places.items() if len(each) == 1},
        ignored={place for place, name in chosen.items() if name == IGNORED},
        doubts=doubts,
        notes=columns.notes,
    )
