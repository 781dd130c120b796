"""Outgoing HTTP: one client for price sources, webhooks and chat services."""

from mainapp.core.http.addresses import (
    AddressError,
    AddressPolicy,
    check_target,
    check_url,
    is_public,
)
from mainapp.core.http.client import Fault, HttpClient, HttpError, Reply, parse_retry_after

__all__ = [
    "AddressError",
    "AddressPolicy",
    "Fault",
    "HttpClient",
    "HttpError",
    "Reply",
    "check_target",
    "check_url",
    "is_public",
    "parse_retry_after",
]
