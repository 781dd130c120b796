"""Static files: hashed names, also in ES module imports, and only the used files of packages.

Also storage of the messages for the next page, in a cookie with a configurable name.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.staticfiles.finders import AppDirectoriesFinder, FileSystemFinder
from whitenoise.storage import CompressedManifestStaticFilesStorage

from mainapp.core.static_files import manifest_of, source_state


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # untyped
    support_js_module_import_aggregation = True

    def read_manifest(self) -> str | None:
        """Return the manifest of this version if it was collected, otherwise the newest one."""
        try:
            with self.manifest_storage.open(manifest_of(source_state())) as manifest:
                return str(manifest.read().decode())
        except FileNotFoundError:
            text: str | None = super().read_manifest()
            return text


class UsedFilesFinder(FileSystemFinder):
    """Lists only settings.PACKAGE_FILES of the npm packages, which have a thousand more files."""

    def list(self, *args: Any, **options: Any) -> Iterator[Any]:
        yield from _filter_used(super().list(*args, **options))


class UsedAppFilesFinder(AppDirectoriesFinder):
    """Does the same for Django packages, some of whose files import modules that are missing."""

    def list(self, *args: Any, **options: Any) -> Iterator[Any]:
        yield from _filter_used(super().list(*args, **options))


class NamedCookieStorage(CookieStorage):
    cookie_name = settings.MESSAGES_COOKIE_NAME


class MessageStorage(FallbackStorage):
    storage_classes = (NamedCookieStorage, SessionStorage)


def _filter_used(files: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for path, storage in files:
        prefix = getattr(storage, "prefix", None)
        name = f"{prefix}/{path}" if prefix else path
        if not name.startswith(settings.PACKAGE_PREFIXES) or name in settings.PACKAGE_FILES:
            yield path, storage
