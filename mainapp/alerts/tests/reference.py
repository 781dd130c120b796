"""A second, naive implementation of CONTRACTS §5: one alert, every quote, no index."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

SIGN = {"compra": -1, "venda": 1, "change_up_pct": 1, "change_down_pct": -1}
TICK = Decimal("0.01")


def local(at):
    return at.astimezone(ZoneInfo("America/Sao_Paulo"))


@dataclass
class Reference:
    """One alert, with its limits by kind; `fired` has the expected firings.

    A condition's `side` is `unknown`, `near`, `far` (it fired there) or `past` (created there).
    """

    limits: dict
    expires_at: datetime
    periodo: int = 0
    hold: int = 0
    every: bool = False
    rearm: Decimal = Decimal("0.5")
    cooldown: int = 0
    at_once: bool = False
    active: bool = True
    fired: list = field(default_factory=list)
    side: dict = field(default_factory=dict)
    since: dict = field(default_factory=dict)
    last_at: datetime | None = None

    def quote(self, price, change_pct, at):
        is_observation = self.hold or not self.periodo or self.slot(at) != self.slot(self.last_at)
        self.last_at = at
        for kind in SIGN:
            if kind in self.limits and is_observation and self.active and at <= self.expires_at:
                self.observe(kind, price if kind in ("compra", "venda") else change_pct, at)

    def arm(self, kinds, price, change_pct):
        """Set the side on which the conditions begin; without a quote `price` is None."""
        for kind in kinds:
            value = price if kind in ("compra", "venda") else change_pct
            self.since.pop(kind, None)
            is_beyond = value is None or self.beyond(kind, value) >= 0
            far = "unknown" if value is None or self.at_once else "past"
            self.side[kind] = far if is_beyond else "near"

    def slot(self, at):
        minutes = local(at).hour * 60 + local(at).minute if at else None
        return at and (local(at).date(), minutes // self.periodo)

    def beyond(self, kind, value):
        """Return how far beyond its limit a value lies, negative on the near side."""
        limit = -self.limits[kind] if kind == "change_down_pct" else self.limits[kind]
        return (value - limit) * SIGN[kind]

    def observe(self, kind, value, at):
        if value is None:
            return
        beyond = self.beyond(kind, value)
        if self.side[kind] in ("far", "past"):
            share = self.limits[kind] if kind in ("compra", "venda") else 100
            band = max(TICK, self.rearm * share / 100) if self.side[kind] == "far" else TICK
            self.side[kind] = "near" if beyond <= -band else self.side[kind]
        elif beyond >= 0 and self.side[kind] == "unknown" and not self.at_once:
            self.side[kind] = "past"
        else:
            since, self.side[kind] = self.since.pop(kind, None), "near"
            if beyond < 0:
                return
            since = since if since and local(since).date() == local(at).date() else at
            if at - since < timedelta(minutes=self.hold):
                self.since[kind] = since
                return
            self.side[kind] = "far"
            if not self.fired or at >= self.fired[-1][1] + timedelta(minutes=self.cooldown):
                self.fired.append((kind, at))
                self.active = self.every
