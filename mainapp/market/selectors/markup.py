"""Users' texts with the stocks and people that they name."""

from django.db.models.functions import Lower
from django.urls import reverse

from mainapp.accounts.models import User
from mainapp.core.rendering import mentioned_in, mentions_in, render, symbols_in
from mainapp.market.selectors.catalogue import catalogue


def render_text(text: str) -> tuple[str, list[User]]:
    """Return a text of at most `MAX_BODY` characters as safe HTML, and the users mentioned in it.

    At most two queries: for the stocks, and for the users with their preferences.
    """
    symbols: dict[str, str] = {}
    if tickers := symbols_in(text):
        known = catalogue()
        symbols = {ticker: now for ticker in tickers if (now := known.canonical(ticker))}
    people: dict[str, User] = {}
    if names := mentions_in(text):
        users = User.objects.alias(lower=Lower("username")).filter(lower__in=names, is_active=True)
        people = {user.username.lower(): user for user in users.select_related("preferences")}
    urls = {name: reverse("user-profile", args=[user.pk]) for name, user in people.items()}
    named = [people[name] for name in sorted(mentioned_in(text, people))]
    return render(text, symbols=symbols, users=urls), named
