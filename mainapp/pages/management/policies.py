"""Comparison of the features' policy tables with the existing URLs, operations and sockets."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from mainapp.core.consumers import UnknownPathConsumer
from mainapp.core.policies import PREFIXES, operation_policies, page_policies

METHODS = ("get", "post", "put", "patch", "delete")


def routes(
    patterns: list[Any], prefix: str = "", *, own_only: bool = False
) -> Iterator[tuple[str, URLPattern]]:
    """Yield (path, pattern) of every URL; with `own_only` without those of third-party packages."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            # A view of ours below such a prefix is outside of the package's namespace.
            if not (own_only and pattern.namespace and path.startswith(tuple(PREFIXES))):
                yield from routes(pattern.url_patterns, path, own_only=own_only)
        else:
            yield path, pattern


def faults() -> list[str]:
    """Return an error for each view, operation or frame without a policy, and vice versa."""
    urls = list(routes(get_resolver().url_patterns, own_only=True))
    return sorted([*_page_faults(urls), *_operation_faults(urls), *_socket_faults()])


def _page_faults(urls: list[tuple[str, URLPattern]]) -> Iterator[str]:
    pages, operations = page_policies(), operation_policies()
    names_by_path: dict[str, set[str]] = {}
    for path, pattern in urls:
        names_by_path.setdefault(path, set()).add(pattern.name or "")
    for path, names in names_by_path.items():
        # allauth reverses its own names, so such a path has two: one with a policy is enough.
        if not names & (pages.keys() | operations.keys()):
            yield f"{path}: the view {' / '.join(sorted(names))!r} has no line in a policies.py"
    for name, paths in _paths_by_name(names_by_path).items():
        if len(paths) > 1:  # a line would also allow a view that it was not written for
            yield f"{' and '.join(sorted(paths))}: two views have the name {name!r}"
    known = set().union(*names_by_path.values())
    for name in (pages.keys() | operations.keys()) - known:
        yield f"{name}: the line belongs to no URL"


def _paths_by_name(names_by_path: Mapping[str, set[str]]) -> dict[str, set[str]]:
    paths_by_name: dict[str, set[str]] = {}
    for path, names in names_by_path.items():
        for name in names - {""}:
            paths_by_name.setdefault(name, set()).add(path)
    return paths_by_name


def _operation_faults(urls: list[tuple[str, URLPattern]]) -> Iterator[str]:
    operations = operation_policies()
    for path, pattern in urls:
        view, line = getattr(pattern.callback, "cls", None), operations.get(pattern.name or "")
        if line is None:
            continue
        if view is None:
            yield f"{path}: nothing enforces the line, as the view is not a REST framework view"
            continue
        handled = {method for method in METHODS if hasattr(view, method)}
        for method in handled ^ set(line):
            side = "the line lacks" if method in handled else "the view does not handle"
            yield f"{path}: {side} {method}"


def _socket_faults() -> Iterator[str]:
    from routing import websocket_urlpatterns  # noqa: PLC0415 - loads every consumer

    for pattern in websocket_urlpatterns:
        consumer = pattern.callback.consumer_class  # type: ignore[attr-defined] # channels adds it
        if "policy" not in vars(consumer) and consumer is not UnknownPathConsumer:
            yield f"{consumer.__name__}: the consumer has no policy"
        for frame in consumer.handlers.keys() ^ consumer.policy.frames.keys():
            side = "the policy lacks" if frame in consumer.handlers else "nothing handles"
            yield f"{consumer.__name__}: {side} the frame {frame!r}"
