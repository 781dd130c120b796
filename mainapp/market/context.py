"""What every page knows of the market: is it simulated, and where do prices come from."""

from django.conf import settings
from django.http import HttpRequest


def market(request: HttpRequest) -> dict[str, object]:
    return {"simulated": settings.SIMULATED, "quote_sources": settings.QUOTE_SOURCE}
