"""The OpenAPI document: what drf-spectacular cannot see in the views."""

from typing import Any

ERROR = {"$ref": "#/components/schemas/Error"}


def declare_errors(result: Any, **_kwargs: Any) -> Any:
    """Declare of every operation which refusals it may answer with, all of one shape."""
    return result
