"""Templates of campaigns: placeholders, escaping, languages, and what the editor is told."""

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from mainapp.accounts.models import Preferences, User
from mainapp.core.audience import Audience, register_audience
from mainapp.notifications.models import Broadcast, MailTemplate
from mainapp.notifications.rendering import (
    PlaceholderError,
    check_html,
    check_text,
    fill_html,
    fill_subject,
    fill_text,
    masked,
)
from mainapp.notifications.selectors.audiences import recipient_of
from mainapp.notifications.services.composing import compose, preview
from mainapp.notifications.tests.factories import template

NAME = "<img src=x onerror=alert(1)> & Cia"


@pytest.mark.parametrize(
    "text",
    [
        *("{senha}", "{nome.password}", "{nome!r}", "{0}", "{}", "{nome:>9}", "{ nome }", "{nome"),
        *("nome}", "{{nome}", "{% debug %}"),
    ],
)
def test_anything_but_the_placeholders_is_refused(text):
    with pytest.raises(PlaceholderError):
        check_text(text)


def test_double_braces_are_braces_and_values_are_not_filled_again():
    values = {"nome": "{link}", "link": "https://pregao.example/"}
    check_text("{{nome}} {nome} {link}")

    assert fill_text("{{nome}} {nome} {link}", values) == "{nome} {link} https://pregao.example/"


def test_subject_is_one_line_of_250_characters_without_links():
    assert (
        fill_subject("  Oi,\n{nome}\r\n", {"nome": "Ana\nBcc: x@y.com"}) == "Oi, Ana Bcc: x@y.com"
    )
    assert len(fill_subject("{nome}", {"nome": "a" * 400})) == 250
    for subject in ("veja {link}", "veja https://x.com", "veja www.x.com"):
        with pytest.raises(PlaceholderError):
            check_text(subject, is_subject=True)


def test_html_part_escapes_people_s_text_and_text_part_does_not():
    assert fill_text("Olá {nome}", {"nome": NAME}) == f"Olá {NAME}"
    assert fill_html("<p>Olá {nome}</p>", {"nome": NAME}) == (
        "<p>Olá &lt;img src=x onerror=alert(1)&gt; &amp; Cia</p>"
    )


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ("<script>alert(1)</script>oi", "oi"),
        ('<p onclick="x()" style="color:red">oi</p>', "<p>oi</p>"),
        ('<a href="javascript:alert(1)">oi</a>', '<a rel="noopener noreferrer">oi</a>'),
        ('<img src="https://spy.example/1.gif">oi', "oi"),
        (
            '<a href="{link}">oi</a>',
            '<a href="https://pregao.example/" rel="noopener noreferrer">oi</a>',
        ),
    ],
)
def test_html_is_cleaned_after_filling(html, cleaned):
    assert fill_html(html, {"link": "https://pregao.example/"}) == cleaned


@pytest.mark.parametrize("html", ['<a href="{nome}">x</a>', "<a href={usuario}>x</a>"])
def test_names_are_refused_inside_a_tag(html):
    with pytest.raises(PlaceholderError):
        check_html(html)


def test_unknown_placeholder_is_refused_in_the_editor_s_language(db):
    row = MailTemplate(name="x", subject_pt="Oi", text_pt="Olá {senha}")
    with pytest.raises(ValidationError) as refused:
        row.full_clean()

    with override("pt-br"):
        assert refused.value.message_dict == {
            "text_pt": ["{senha} não existe. Use {nome} {usuario} {clube} {link}."]
        }
    with override("en"):
        assert refused.value.message_dict == {
            "text_pt": ["{senha} does not exist. Use {nome} {usuario} {clube} {link}."]
        }


def test_template_s_last_newline_is_no_part_of_the_subject(db):
    assert template(subject_pt="Oi\n", name="x").subject_pt == "Oi"


def test_half_an_english_translation_is_refused(db):
    with pytest.raises(ValidationError) as refused:
        template(subject_en="Hi")

    assert list(refused.value.message_dict) == ["text_en"]


def test_admin_edits_templates_and_is_told_what_is_wrong(client, bob):
    User.objects.filter(pk=bob.pk).update(access_level="admin")
    client.force_login(bob)
    url = "/admin/notifications/mailtemplate/add/"
    fields = {"name": "Novidades", "subject_pt": "Oi, {nome}", "text_pt": "Olá {xyz}"}

    refused = client.post(url, fields)
    assert "{xyz} não existe" in refused.content.decode()
    assert not MailTemplate.objects.exists()
    client.post(url, fields | {"text_pt": "Olá"})

    assert MailTemplate.objects.get().subject_pt == "Oi, {nome}"


def test_reader_gets_their_language_and_portuguese_without_a_translation(alice, bob):
    Preferences.objects.create(user=alice, language="en")
    english = template(subject_en="Hi, {nome}", text_en="Hello", html_en="<h2>Hello</h2>")
    both, one = Broadcast(pk=1, texts=english.texts()), Broadcast(pk=2)
    one.texts = template(name="y", text_pt="Olá").texts()

    mails = [
        compose(row, recipient_of(User.objects.get(pk=user.pk)))
        for row in (both, one)
        for user in (alice, bob)
    ]

    assert [(mail.language, mail.subject) for mail in mails] == [
        ("en", "Hi, alice"), ("pt-br", "Oi, bob"), ("pt-br", "Oi, alice"), ("pt-br", "Oi, bob")
    ]  # fmt: skip
    assert '<html lang="en">' in mails[0].html
    assert "<h2>Hello</h2>" in mails[0].html
    assert "<h2>" not in mails[0].text


def test_mail_shows_a_hostile_name_as_text(alice):
    alice.display_name = NAME
    row = Broadcast(pk=1, texts=template(html_pt="<p>Oi {nome}</p>").texts(), url="/sources/")
    mail = compose(row, recipient_of(alice))

    assert mail.subject == f"Oi, {NAME}"
    assert "<img" not in mail.html
    assert "Oi &lt;img src=x" in mail.html
    assert f"Oi, {NAME}" in mail.text


def test_preview_masks_the_person_and_the_club(alice, bob):
    register_audience(
        Audience(
            kind="test",
            may_see=lambda user, pk: False,
            existing=lambda pks: pks,
            users=lambda pk: [alice.pk],
            name=lambda pk: "Grupo Secreto",
        )
    )
    User.objects.filter(pk=alice.pk).update(display_name="Alice Souza")
    texts = template(text_pt="{nome} {usuario} {clube}").texts()
    row = Broadcast(pk=1, texts=texts, audience="test:1")

    mail = preview(row, actor=bob, language="pt-br")

    assert "A••• S••• a••• G••• S•••" in mail.text
    for secret in ("Alice", "alice", "Souza", "Secreto"):
        assert secret not in mail.text + mail.html + mail.subject


def test_masked_address():
    assert masked("alice@example.com") == "a•••@e•••"
