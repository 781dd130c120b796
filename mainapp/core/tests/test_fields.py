"""Tests of the part for a form's field."""

import re

from django import forms
from django.template.loader import render_to_string


class NamedForm(forms.Form):
    name = forms.CharField(label="Nome", help_text="Como os outros o veem.")
    city = forms.CharField(label="Cidade")
    word = forms.CharField(label="Palavra", widget=forms.PasswordInput)


def controls(form):
    """Return the control of each field, as HTML."""
    fields = [render_to_string("mainapp/parts/field.html", {"field": field}) for field in form]
    return [re.search(r"<input[^>]*>", html)[0] for html in fields]


def test_the_first_wrong_field_has_the_focus():
    name, city, word = controls(NamedForm({"name": "Ana"}))

    assert ["autofocus" in control for control in (name, city, word)] == [False, True, False]
    assert not any("autofocus" in control for control in controls(NamedForm()))


def test_a_wrong_field_is_described_by_its_hint_and_its_error():
    [field] = [field for field in NamedForm({}) if field.name == "name"]
    html = render_to_string("mainapp/parts/field.html", {"field": field})

    described = re.search(r'aria-describedby="([^"]+)"', html)[1].split()
    assert len(described) == 2
    assert all(f'id="{name}"' in html for name in described)
    assert 'aria-invalid="true"' in html


def test_only_a_secret_can_be_shown():
    shown = [
        "data-reveal" in render_to_string("mainapp/parts/field.html", {"field": field})
        for field in NamedForm()
    ]

    assert shown == [False, False, True]
