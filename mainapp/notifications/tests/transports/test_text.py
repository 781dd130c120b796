import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainapp.notifications.transports.text import cut, utf8_length, utf16_length


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("ab cd", 4, "ab…"),
        ("abe\u0301fg", 4, "ab…"),  # a combining accent stays with its letter
        ("a👍🏽bc", 3, "a…"),
        ("a👨\u200d👩\u200d👧b", 4, "a…"),
        ("❤\ufe0fab", 2, "…"),
        ("", 5, ""),
    ],
)
def test_text_is_cut_between_characters(text, limit, expected):
    assert cut(text, limit=limit) == expected


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.integers(3, 60),
    st.sampled_from([len, utf8_length, utf16_length]),
)
def test_cut_text_never_exceeds_the_limit(text, limit, measure):
    assert measure(cut(text, limit=limit, measure=measure)) <= limit
