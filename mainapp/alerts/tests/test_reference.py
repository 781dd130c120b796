"""The engine with its database against the reference: equal firings on any path of prices."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainapp.accounts.models import User
from mainapp.alerts.conditions import KINDS
from mainapp.alerts.models import Alert, Firing
from mainapp.alerts.services.alerts import create_alert, pause_alert, resume_alert, update_alert
from mainapp.alerts.tests.reference import SIGN, Reference
from mainapp.market.models import LastQuote, Stock
from mainapp.market.services.recording import record_quotes
from mainapp.market.tests.factories import NOON, StockFactory
from mainapp.market.tests.quotes import make_quote

CLOSE = Decimal("36.00")

prices = st.integers(3400, 3800).map(lambda cents: Decimal(cents) / 100)
percents = st.integers(50, 500).map(lambda hundredths: Decimal(hundredths) / 100)
gaps = st.sampled_from([0.2, 0.7, 1, 3, 5, 14, 31, 95, 26 * 60])  # minutes to the next quote
limits = st.fixed_dictionaries(
    {},
    optional={
        "compra": st.integers(3450, 3600).map(lambda cents: Decimal(cents) / 100),
        "venda": st.integers(3610, 3750).map(lambda cents: Decimal(cents) / 100),
        "change_up_pct": percents,
        "change_down_pct": percents,
    },
).filter(bool)
terms = st.fixed_dictionaries(
    {
        "periodo": st.sampled_from([0, 0, 1, 5, 30, 90]),
        "hold_minutes": st.sampled_from([0, 0, 2, 10]),
        "recurrence": st.sampled_from(["once", "every", "every"]),
        "rearm_pct": st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(2)]),
        "cooldown_minutes": st.sampled_from([0, 0, 7, 60]),
        "fires_if_beyond": st.booleans(),
        "duracao": st.sampled_from([1, 2, 15]),
    }
)
quote_steps = st.tuples(st.just("quote"), prices, gaps)
steps = st.lists(
    st.one_of(
        quote_steps,
        quote_steps,
        quote_steps,
        st.tuples(st.just("edit"), limits, gaps),
        st.tuples(st.just("pause"), st.none(), gaps),
        st.tuples(st.just("resume"), st.none(), gaps),
    ),
    min_size=4,
    max_size=25,
)


class Story:
    """The life of one alert, applied to the engine and to the reference."""

    def __init__(self, stock, owner, first, chosen, terms):
        self.stock, self.now = stock, NOON
        self.price = None
        self.reference = Reference({}, NOON)
        if first is not None:
            self.quote(first)
        fields = {"ativo": stock} | chosen | terms
        self.alert = create_alert(owner=owner, fields=fields, quote_kind="simulated", at=self.now)
        self.reference = Reference(
            limits=dict(chosen),
            expires_at=self.alert.expires_at,
            periodo=terms["periodo"],
            hold=terms["hold_minutes"],
            every=terms["recurrence"] == "every",
            rearm=terms["rearm_pct"],
            cooldown=terms["cooldown_minutes"],
            at_once=terms["fires_if_beyond"],
            last_at=self.now if first is not None else None,
        )
        self.arm(chosen)

    def quote(self, price):
        self.price, self.quoted_at = price, self.now
        quote = make_quote(self.stock.symbol, str(price), quoted_at=self.now, previous_close=CLOSE)
        record_quotes(quotes=[quote], at=self.now)
        self.reference.quote(price, quote.change_pct, self.now)

    def arm(self, kinds):
        """Arm the reference by the newest quote; a fresh quote is also the first observation."""
        if self.price is None:
            self.reference.arm(kinds, None, None)
            return
        change = ((self.price - CLOSE) * 100 / CLOSE).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        is_today = (self.quoted_at - timedelta(hours=3)).date() == (
            self.now - timedelta(hours=3)
        ).date()
        self.reference.arm(kinds, self.price, change if is_today else Decimal(0))
        is_fresh = self.now - self.quoted_at <= timedelta(minutes=15)
        if is_fresh and self.reference.active and self.quoted_at <= self.reference.expires_at:
            for kind in (kind for kind in SIGN if kind in kinds):
                if self.reference.side[kind] == "unknown" and self.reference.active:
                    value = self.price if kind in ("compra", "venda") else change
                    self.reference.observe(kind, value, self.quoted_at)

    def edit(self, chosen):
        before = self.reference.limits
        fields = {kind: chosen.get(kind) for kind in KINDS}
        status = Alert.objects.get(pk=self.alert.pk).status
        self.alert = update_alert(alert=self.alert, fields=fields, at=self.now)
        self.reference.limits = dict(chosen)
        changed = {kind for kind in KINDS if chosen.get(kind) != before.get(kind)}
        if changed and status == "triggered":
            self.reference.active = True
        self.arm(changed & chosen.keys())

    def pause(self, _nothing):
        pause_alert(alert=self.alert)
        self.reference.active = False

    def resume(self, _nothing):
        was_active = Alert.objects.get(pk=self.alert.pk)
        if was_active.status == "active" and not was_active.is_expired(self.now):
            return
        self.alert = resume_alert(alert=self.alert, at=self.now)
        self.reference.active, self.reference.expires_at = True, self.alert.expires_at
        self.arm(self.reference.limits)


@pytest.mark.django_db
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=st.none() | prices, chosen=limits, terms=terms, steps=steps)
def test_engine_fires_as_the_reference_does(first, chosen, terms, steps):
    stock, owner = StockFactory(symbol="PETR4"), User.objects.create_user("dona")
    try:
        story = Story(stock, owner, first, chosen, terms)
        for action, value, gap in steps:
            story.now += timedelta(minutes=gap)
            getattr(story, action)(value)
        rows = Firing.objects.order_by("pk").values_list("kind", "quoted_at")
        assert sorted(rows) == sorted(story.reference.fired)
    finally:
        owner.delete()
        LastQuote.objects.filter(stock=stock).delete()
        Stock.objects.filter(pk=stock.pk).delete()
