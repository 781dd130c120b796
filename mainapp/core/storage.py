"""Static files under hashed names, ES module imports included; of the packages, what pages use."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import AppDirectoriesFinder, FileSystemFinder
from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # untyped
    support_js_module_import_aggregation = True


class UsedFilesFinder(FileSystemFinder):
    """Of the npm packages, lists what settings.PACKAGE_FILES names: they bring a thousand more."""

    def list(self, *args: Any, **options: Any) -> Iterator[Any]:
        yield from _used(super().list(*args, **options))


class UsedAppFilesFinder(AppDirectoriesFinder):
    """The same for the Django packages; some of their files import what they do not bring."""

    def list(self, *args: Any, **options: Any) -> Iterator[Any]:
        yield from _used(super().list(*args, **options))


def _used(found: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for path, storage in found:
        prefix = getattr(storage, "prefix", None)
        name = f"{prefix}/{path}" if prefix else path
        if not name.startswith(settings.PACKAGE_PREFIXES) or name in settings.PACKAGE_FILES:
            yield path, storage
