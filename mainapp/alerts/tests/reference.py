"""CONTRACTS §5 once more, as plainly as it can be said: one alert, every quote, no index."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
TICK = Decimal("0.01")


@dataclass
class Reference:
    """One alert of one stock. `limits`: kind → limit; the rest is the alert's own fields."""

    limits: dict
    periodo: int = 0
    hold: int = 0
    every: bool = False
    rearm: Decimal = Decimal("0.5")
    cooldown: int = 0
    at_once: bool = False
    expires_at: datetime | None = None
    active: bool = True
    fired: list = field(default_factory=list)
    side: dict = field(
        default_factory=dict
    )  # kind → unknown, near, far (has fired), past (made so)
    since: dict = field(default_factory=dict)
    last_at: datetime | None = None  # of any accepted quote
    cooling_from: datetime | None = None

    def quote(self, price, change_pct, at):
        is_look = self._is_look(at)
        self.last_at = at
        for kind in ("compra", "venda", "change_up_pct", "change_down_pct"):
            if kind in self.limits and self.active and at <= self.expires_at and is_look:
                self._see(kind, price if kind in ("compra", "venda") else change_pct, at)

    def arm(self, kinds, price, change_pct):
        for kind in kinds:
            value = price if kind in ("compra", "venda") else change_pct
            self.since.pop(kind, None)
            self.side[kind] = "near"
            if value is None or (self._beyond(kind, value) and self.at_once):
                self.side[kind] = "unknown"
            elif self._beyond(kind, value):
                self.side[kind] = "past"

    def _is_look(self, at):
        if not self.periodo or self.hold or self.last_at is None:
            return True
        return self._slot(at) != self._slot(self.last_at)

    def _slot(self, at):
        local = at.astimezone(SAO_PAULO)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return local.date(), (local - midnight) // timedelta(minutes=self.periodo)

    def _beyond(self, kind, value, inside=Decimal(0)):
        limit = self.limits[kind]
        if kind == "compra":
            return value <= limit + inside
        return -value >= limit - inside if kind == "change_down_pct" else value >= limit - inside

    def _see(self, kind, value, at):
        if value is None:
            return
        beyond = self._beyond(kind, value)
        if self.side[kind] in ("far", "past"):
            share = self.limits[kind] if kind in ("compra", "venda") else Decimal(100)
            back = max(TICK, share * self.rearm / 100) if self.side[kind] == "far" else TICK
            returned = not self._beyond(kind, value, inside=back - Decimal("0.000001"))
            self.side[kind] = "near" if returned else self.side[kind]
            return
        if self.side[kind] == "unknown" and beyond and not self.at_once:
            self.side[kind] = "past"
            return
        self.side[kind] = "near"
        since = self.since.pop(kind, None)
        if not beyond:
            return
        if since is None or day(since) != day(at):
            since = at
        if self.hold and at - since < timedelta(minutes=self.hold):
            self.since[kind] = since
            return
        self.side[kind] = "far"
        cool = timedelta(minutes=self.cooldown)
        if self.cooling_from is None or at >= self.cooling_from + cool:
            self.fired.append((kind, at))
            self.cooling_from = at
            self.active = self.every


def day(at):
    return at.astimezone(SAO_PAULO).date()
