"""JSON parsing and rendering, whatever the Accept header says; times in UTC."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser

from mainapp.market.quotes import iso


class Json(JSONParser):
    """REST framework's parser; JSON that is nested too deeply is a bad request."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            raise ParseError from None


class OnlyJson(BaseContentNegotiation):
    def select_parser(self, request: Any, parsers: Any) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class OperationMetadata(SimpleMetadata):
    """The response to OPTIONS: an operation's name and methods. The schema describes the fields."""

    def determine_actions(self, request: Any, view: Any) -> dict[str, Any]:
        return {}


class Moment(serializers.DateTimeField):
    """A time in ISO 8601, in UTC with `Z`."""

    def to_representation(self, value: Any) -> Any:
        return iso(value)
