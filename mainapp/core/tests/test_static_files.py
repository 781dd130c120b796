"""Static files over several versions: complete at any moment, and old ones kept for a while."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest

from mainapp.core import static_files
from mainapp.core.static_files import KEPT_VERSIONS, collect
from mainapp.core.static_serving import StaticFiles

pytestmark = [pytest.mark.django_db, pytest.mark.database_independent]


@pytest.fixture
def source(tmp_path, settings):
    """A folder of source files; its files are collected into STATIC_ROOT."""
    folder = tmp_path / "source"
    folder.mkdir()
    settings.STATICFILES_DIRS = [folder]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = str(tmp_path / "static")
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "mainapp.core.storage.ModuleStaticFilesStorage"}
    }
    static_files.finders.get_finder.cache_clear()
    yield folder
    static_files.finders.get_finder.cache_clear()


@pytest.fixture
def root(source):
    return source.parent / "static"


def hashed(root, name="site.css"):
    """Return the hashed name of a file in the manifest."""
    return json.loads((root / "staticfiles.json").read_text())["paths"][name]


def publish(source, text):
    (source / "site.css").write_text(text)
    return collect()


def test_files_are_collected_once_for_each_change(source, root):
    assert publish(source, "a{}").endswith("0 of old versions removed")
    assert collect() == "unchanged"
    assert publish(source, "bb{}") != "unchanged"
    assert (root / hashed(root)).read_text() == "bb{}"
    assert not root.with_name("static.draft").exists()


def test_files_of_the_last_versions_stay(source, root):
    names = []
    for number in range(KEPT_VERSIONS + 2):
        publish(source, "a{}" * (number + 1))
        names.append(hashed(root))

    assert [(root / name).exists() for name in names] == [False] * 2 + [True] * KEPT_VERSIONS


def test_files_from_before_the_records_count_as_a_version(source, root):
    root.mkdir()
    (root / "old.0123456789ab.css").write_text("old{}")
    publish(source, "a{}")

    assert (root / "old.0123456789ab.css").exists()

    for number in range(KEPT_VERSIONS):
        publish(source, "b{}" * (number + 1))
    assert not (root / "old.0123456789ab.css").exists()


def test_manifest_names_complete_files_at_any_moment(source, root):
    publish(source, "a{}")
    is_over, faults = Event(), []

    def read():
        while not is_over.is_set():
            try:
                text = (root / hashed(root)).read_text()
            except (OSError, ValueError) as error:
                faults.append(repr(error))
            else:
                faults.extend([] if re.fullmatch(r"(a\{\})+", text) else [text])

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for number in range(2, 12):
            publish(source, "a{}" * number)
        is_over.set()
        [reader.result() for reader in readers]

    assert faults == []


def test_concurrent_collections_do_the_work_once(source):
    (source / "site.css").write_text("a{}")
    with ThreadPoolExecutor(4) as pool:
        results = [future.result() for future in [pool.submit(collect) for _ in range(4)]]

    assert sorted(result == "unchanged" for result in results) == [False, True, True, True]


def served(middleware, rf, name):
    """Return the content of a file that is served to be cached for ever."""
    with closing(middleware(rf.get(f"/static/{name}"))) as response:
        assert "immutable" in response["Cache-Control"]
        return b"".join(response.streaming_content)


def test_process_serves_files_of_a_newer_version(source, root, rf):
    publish(source, "a{}")
    middleware = StaticFiles(lambda request: None)
    publish(source, "bb{}")

    assert served(middleware, rf, hashed(root)) == b"bb{}"


def test_file_without_a_hash_is_served_as_it_is_now(source, root, rf):
    publish(source, "a{}")
    middleware = StaticFiles(lambda request: None)
    publish(source, "bb{}")

    with closing(middleware(rf.get("/static/site.css"))) as response:
        assert (response["Content-Length"], response.getvalue()) == ("4", b"bb{}")
        assert "immutable" not in response["Cache-Control"]


def test_file_of_an_older_version_is_cached_for_ever(source, root, rf):
    publish(source, "a{}")
    older = hashed(root)
    publish(source, "bb{}")

    assert served(StaticFiles(lambda request: None), rf, older) == b"a{}"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.0123456789ab.css", "a/../../secret.0123456789ab.css", "/etc/x.0123456789ab.css",
        "..%2fsecret.0123456789ab.css", "late.css", "secret.0123456789ab", ".0123456789ab.css",
    ],
)  # fmt: skip
def test_only_hashed_names_in_the_folder_are_served_later(source, root, rf, name):
    publish(source, "a{}")
    middleware = StaticFiles(lambda request: None)
    for path in (root / "late.css", root.parent / "secret.0123456789ab.css"):
        path.write_text("secret")

    assert middleware(rf.get("/", PATH_INFO=f"/static/{name}")) is None


def test_missing_collection_is_explained(source, root, monkeypatch):
    monkeypatch.setattr(
        static_files, "staticfiles_storage", type("Storage", (), {"hashed_files": {}})
    )

    assert "run `python manage.py setup`" in static_files.fault()

    publish(source, "a{}")
    assert "restart it" in static_files.fault()


def test_missing_assets_are_explained(source, settings):
    settings.PACKAGE_FILES = {"vendor/absent.js"}

    assert static_files.missing_assets_fault() == (
        "the front-end assets are not installed (vendor/absent.js is missing): run `make build`"
    )
