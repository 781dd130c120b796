"""brapi.dev: quotes in batches with a token, or from the list of the whole market without one."""

from mainapp.market.providers.brapi.provider import BrapiProvider

__all__ = ["BrapiProvider"]
