import pytest

from mainapp.core.templatetags.highlight import highlight


@pytest.mark.parametrize(
    ("value", "text", "html"),
    [
        ("PETR4", "petr", "<mark>PETR</mark>4"),
        ("Petróleo", "PETRO", "<mark>Petró</mark>leo"),
        ("Itaú Unibanco", "uni", "Itaú <mark>Uni</mark>banco"),
        ("A & B", "&", "A <mark>&amp;</mark> B"),
        ("<b>", "x", "&lt;b&gt;"),
        ("İstanbul", "stan", "İ<mark>stan</mark>bul"),
        ("PETR4", "", "PETR4"),
    ],
)
def test_the_match_is_marked(value, text, html):
    assert highlight(value, text) == html
