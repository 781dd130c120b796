import pytest

from mainapp.accounts.models import User
from mainapp.market.selectors.folded import Folded, folded, has_words
from mainapp.market.symbols import fold

TEXTS = [
    "AÇÃO de São Paulo",
    "ÁÉÍÓÚ àèìòù âêô ãõ ç ñ ü",
    "Dvořák Łódź Škoda",
    "ﬁnanças ½ Ⅳ",
    "a\u0301gua",  # a letter and a combining accent
    "ΣΊΣΥΦΟΣ Москва",
    "100% ação_b\\c",
    "plain ascii",
]


@pytest.mark.parametrize("text", TEXTS)
def test_words_are_folded_as_in_the_other_searches(text):
    assert (folded(text) or "").split() == fold(text).split()


def test_nothing_stays_nothing():
    assert folded(None) is None


@pytest.mark.django_db
def test_the_database_folds_letters_with_accents():
    for number, text in enumerate(TEXTS):
        User.objects.create(username=f"u{number}", display_name=text)
    rows = User.objects.order_by("pk").annotate(folded=Folded("display_name"))

    assert [row.folded.split() for row in rows][:2] == [fold(text).split() for text in TEXTS[:2]]
    for number, text in enumerate(TEXTS):
        found = User.objects.filter(has_words("display_name", fold(text).split()))
        assert found.filter(username=f"u{number}").exists(), text
    assert not User.objects.filter(has_words("display_name", ["100%a"])).exists()
