"""The OpenAPI document, generated once per process and language."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, get_supported_language_variant, override
from drf_spectacular.generators import SchemaGenerator


class CachedGenerator(SchemaGenerator):
    """Generates the document once: it costs 0.1 s of CPU, and anyone may request it."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        try:
            language = get_supported_language_variant(get_language() or settings.LANGUAGE_CODE)
        except LookupError:  # a language requested by the address
            language = settings.LANGUAGE_CODE
        return _generate(language)


@cache
def _generate(language: str) -> Any:
    with override(language):
        return SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
