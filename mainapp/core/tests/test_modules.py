"""Preloading of imported modules."""

import pytest
from django.template import Context, Template

PAGE = """{% load modules %}{% preload_modules %}<script src="/static/js/page.0123456789ab.js" \
type="module"></script><script src="/static/js/plain.0123456789ab.js" defer></script>\
{% end_preload_modules %}"""
FILES = {
    "js/page.0123456789ab.js": (
        'import { a } from "./a.0123456789ab.js";\n'
        'import {\n  b,\n} from "../core/b.0123456789ab.js";\n'
        "const text = \"import c from './c.0123456789ab.js'\";\n"
        'const later = () => import("./later.0123456789ab.js");\n'
    ),
    "js/a.0123456789ab.js": 'import "./page.0123456789ab.js";\nexport { d } from "./d.js";\n',
    "core/b.0123456789ab.js": 'import { a } from "../js/a.0123456789ab.js";\n',
    "js/plain.0123456789ab.js": 'import "./never.0123456789ab.js";\n',
}


@pytest.fixture
def static_root(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def render(page=PAGE):
    return Template(page).render(Context())


def preloaded(html):
    return [part.split('"')[0] for part in html.split('rel="modulepreload" href="')[1:]]


def test_all_static_imports_of_a_page_are_preloaded_once(static_root):
    html = render()

    assert preloaded(html) == [
        "/static/js/a.0123456789ab.js",
        "/static/core/b.0123456789ab.js",
    ]
    assert html.endswith('<script src="/static/js/plain.0123456789ab.js" defer></script>')


def test_files_without_a_hash_and_missing_files_preload_nothing(static_root):
    assert preloaded(render(PAGE.replace(".0123456789ab", ""))) == []
    assert preloaded(render(PAGE.replace("page.01", "gone.01"))) == []
