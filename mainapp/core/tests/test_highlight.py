import pytest

from mainapp.core.templatetags.highlight import highlight, near

LONG = "Muitas palavras antes daquela"


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


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("Uma frase curta", "curta", "Uma frase curta"),
        (
            f"{LONG} que se procura aqui",
            "Procura",
            "…antes daquela que se procura aqui",
        ),
        (LONG, "nada", None),
        ("Umasópalavramuitolongasemespaço", "espaco", None),
        ("", "x", ""),
    ],
)
def test_a_text_begins_near_its_match(value, text, shown):
    assert near(value, text) == (value if shown is None else shown)
