"""Static files: hashed names, also in ES module imports, and only the used files of packages.

Our style sheets are joined with their imports, which a browser would request one after the other,
and lose their comments and indentation.

Also storage of the messages for the next page, in a cookie with a configurable name.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.staticfiles.finders import AppDirectoriesFinder, FileSystemFinder
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from mainapp.core.static_files import manifest_of, source_state

IMPORT = re.compile(r'@import url\("([^"]+)"\);\n?')
COMMENT = re.compile(r"/\*.*?\*/\n*", re.DOTALL)
LINE_END = re.compile(r"\s*\n\s*")
OUR_SHEETS = "mainapp/css/"


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # untyped
    support_js_module_import_aggregation = True

    def post_process(
        self, paths: dict[str, tuple[Any, str]], *args: Any, **options: Any
    ) -> Iterator[Any]:
        for name, (source, path) in paths.items():
            if name.startswith(OUR_SHEETS):
                paths[name] = (JoinedSheet(source), path)
        yield from super().post_process(paths, *args, **options)

    def read_manifest(self) -> str | None:
        """Return the manifest of this version if it was collected, otherwise the newest one."""
        try:
            with self.manifest_storage.open(manifest_of(source_state())) as manifest:
                return str(manifest.read().decode())
        except FileNotFoundError:
            text: str | None = super().read_manifest()
            return text


class JoinedSheet:
    """A source of style sheets: their imports are in place, their comments removed."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def open(self, path: str, _mode: str = "rb") -> ContentFile:  # type: ignore[type-arg] # not subscriptable at run time
        return ContentFile(joined_sheet(self.source, path).encode())

    def path(self, path: str) -> str:
        return str(self.source.path(path))


def joined_sheet(source: Any, path: str) -> str:
    """Return a sheet's text with its imports in place. Their paths are relative to the sheet."""
    with source.open(path) as file:
        text = file.read().decode()
    folder = PurePosixPath(path).parent
    text = IMPORT.sub(lambda found: joined_sheet(source, str(folder / found[1])), text)
    return LINE_END.sub("\n", COMMENT.sub("", text))


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
