import unicodedata

import pytest

from mainapp.core.names import (
    MAX_SKELETON,
    has_hidden,
    is_plain_text,
    is_reserved,
    skeletons,
    tidy,
    title,
)

RESERVED = ("admin", "administrador", "moderador", "pregao", "root", "suporte", "support")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "ALICE"),
        ("Alice", "AIice"),
        ("alice", "a1ice"),
        ("alice", "al\u0131ce"),
        ("alice", "\u0430lice"),
        ("alice", "\uff41lice"),
        ("alice", "al\u00adice"),
        ("alice", "alice\u3164"),
        ("alice", "ali\u200bce"),
        ("Ana Lima", "Ana\u00a0 Lima"),
        ("Bob", "B0b"),
        ("marina", "rnarina"),
        ("paypal", "\u0440\u0430\u0443\u0440\u0430l"),
        ("Jos\u00e9", "Jose\u0301"),
        ("Lara", "lara"),
        ("Iara", "Lara"),
        ("alice", "AIice"),
    ],
)
def test_lookalikes_share_a_skeleton(one, other):
    assert skeletons(one) & skeletons(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("iara", "lara"), ("Ana", "Ane"), ("Jos\u00e9", "Jose"), ("ana", "ana.s"), ("Rui", "Ruy")],
)
def test_different_names_share_none(one, other):
    assert not skeletons(one) & skeletons(other)


def test_skeletons_have_a_bounded_length():
    assert max(map(len, skeletons("\ufdfa" * 60))) <= MAX_SKELETON
    assert skeletons("") == skeletons("\u200b") == set()


@pytest.mark.parametrize(
    "name",
    [
        *("admin", "Admin", "adm1n", "ADM!N", "4dmin", "\u0430dm\u0456n", "a.d.m.i.n", "admin2"),
        *("Preg\u00e3o", "Suporte Preg\u00e3o", "Equipe do Preg\u00e3o", "Sup0rte", "rnoderador"),
    ],
)
def test_names_of_the_staff_are_reserved(name):
    assert is_reserved(name, RESERVED)


@pytest.mark.parametrize("name", ["Ana", "Jo\u00e3o do Preg\u00e3o", "Rita", "adminton", "de"])
def test_other_names_are_not_reserved(name):
    assert not is_reserved(name, RESERVED)


@pytest.mark.parametrize("category", ["Cc", "Cf", "Cs", "Co", "Zl", "Zp"])
def test_hidden_characters_are_found_in_every_category(category):
    characters = [chr(n) for n in range(0x11000) if unicodedata.category(chr(n)) == category]

    assert characters
    assert all(has_hidden(f"a{char}b") for char in characters)


@pytest.mark.parametrize("char", "\u3164\uffa0\u115f\u034f\u2800\u2066\u202e\u200d\U000e0041")
def test_blank_and_directional_characters_are_hidden(char):
    assert has_hidden(f"a{char}b")


def test_emoji_and_foreign_letters_are_not_hidden():
    for name in ("\U0001f469\u200d\U0001f4bb", "\u05d0\u05d1", "\u0627\u0628", "\u5c71", "Z\u00e9"):
        assert not has_hidden(name)


def test_tidy_name_has_single_spaces_and_no_selectors():
    assert tidy("  Ana\u00a0 \u2003Lima\ufe0f ") == "Ana Lima"
    assert tidy("Ana\nLima") == "Ana\nLima"  # to be refused, not repaired


def test_texts_may_have_lines_but_no_controls():
    assert is_plain_text("um\n\tdois \u2764\ufe0f")
    assert not any(is_plain_text(f"a{char}b") for char in "\u202e\u2067\x07\u3164\x00\u2028")


@pytest.mark.parametrize(
    ("text", "shown"),
    [(" Sala\u202e \n\u200b1 ", "Sala 1"), ("\u3164\u2800\u200d", ""), ("\u0301", ""), ("!", "!")],
)
def test_titles_are_one_visible_line(text, shown):
    assert title(text) == shown
