"""Calls to brapi.dev and the reading of its replies."""

from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import quote as quote_url

from mainapp.market.providers.base import ProviderError
from mainapp.market.providers.client import SourceClient, parse_json
from mainapp.market.providers.replies import (
    closes_before,
    object_rows,
    to_currency,
    to_name,
    to_size,
)
from mainapp.market.quotes import Quote, to_count, to_money

NAME = "brapi"
DELAY_S = 15 * 60
MAX_PAGES = 10
# The statuses with which it refuses, with a message, more symbols or a longer range than the plan
# allows, and malformed symbols. 401 concerns the token and 404 an unknown stock.
REFUSALS = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.REQUEST_URI_TOO_LONG,
        HTTPStatus.EXPECTATION_FAILED,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)

Row = Mapping[str, Any]


class Calls:
    """The two endpoints in use: quotes with histories, and the list of the whole market."""

    def __init__(self, client: SourceClient, url: str) -> None:
        self._client, self._url = client, url

    def results(self, path: str, params: Mapping[str, str], deadline: float) -> list[Row]:
        """Return the rows of `/api/quote/{path}`. Raises: ProviderError, RefusedError."""
        url = f"{self._url}/api/quote/{quote_url(path, safe=',')}"
        reply = self._client.get(url, params, deadline=deadline, refusals=REFUSALS)
        parsed = parse_json(reply.body)
        if not isinstance(parsed, dict) or not isinstance(parsed.get("results"), list):
            raise ProviderError("a reply without results", fault="bad_reply")
        return object_rows(parsed["results"])

    def page(self, number: int, deadline: float) -> Mapping[str, Any]:
        """Return a page of the market's list. Raises: ProviderError."""
        params = {"page": str(number)} if number > 1 else {}
        try:
            reply = self._client.get(f"{self._url}/api/quote/list", params, deadline=deadline)
        except ProviderError as error:
            if error.fault != "not_given":
                raise
            raise wrong_address() from error
        parsed = parse_json(reply.body)
        if not isinstance(parsed, dict) or not isinstance(parsed.get("stocks"), list):
            raise ProviderError("a reply without stocks", fault="bad_reply")
        return parsed


def wrong_address() -> ProviderError:
    return ProviderError(
        "knows no stock at all (404): is the address right?", fault="bad_reply", permanent=True
    )


def listed_quote(row: Row, symbol: str) -> Quote | None:
    """Return the quote of a row of the list, or None without a price."""
    price: Decimal | None = to_money(row.get("close"))
    if price is None:
        return None
    return Quote(
        symbol=symbol,
        price=price,
        source=NAME,
        kind="real",
        name=to_name(row.get("name")),
        currency=to_currency(row.get("currency")),
        delay_s=DELAY_S,
        previous_close=closes_before(
            price, change=row.get("change_abs"), change_pct=row.get("change")
        ),
        volume=to_count(row.get("volume")),
        market_cap=to_size(row.get("market_cap")),
    )
