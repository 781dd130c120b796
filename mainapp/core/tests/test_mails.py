"""The layout of e-mails, as text and as HTML."""

import re

from mainapp.core.mails import Link, Mail, paragraphs_of, render_mail

MAIL = Mail(
    title="PETR4 atingiu R$ 35,99",
    quote="comprar <mais>",
    paragraphs=["O preço caiu até o seu limite."],
    action=Link(label="Ver PETR4", url="https://pregao.example/graph?ticker=PETR4"),
    foot="Não é recomendação de investimento.",
    stop=Link(label="Não quero mais", url="https://pregao.example/stop"),
)


def test_text_is_readable_without_the_html():
    text, _html = render_mail(MAIL)

    assert text.startswith(
        "PETR4 atingiu R$ 35,99\n\n“comprar <mais>”\n\nO preço caiu até o seu limite.\n\n"
        "Ver PETR4:\nhttps://pregao.example/graph?ticker=PETR4\n\n--\nPregão · "
    )
    assert text.endswith(
        "Não é recomendação de investimento.\nNão quero mais: https://pregao.example/stop\n"
    )


def test_html_escapes_texts_and_has_both_themes():
    _text, html = render_mail(MAIL)

    assert "comprar &lt;mais&gt;" in html
    assert 'href="https://pregao.example/graph?ticker=PETR4"' in html
    assert "prefers-color-scheme: dark" in html
    # Every element with a light colour has a class by which the dark rules change it.
    coloured = re.findall(r'<\w+ (?![^>]*class="mail-)[^>]*style="[^"]*(?:color|background):', html)
    assert coloured == []


def test_mail_without_an_action_has_no_empty_lines():
    text, html = render_mail(Mail(title="Teste", paragraphs=["Chegou."]))

    assert text.startswith("Teste\n\nChegou.\n\n--\n")
    assert 'mail-button" href' not in html


def test_paragraphs_are_separated_by_empty_lines():
    assert paragraphs_of("um\r\ndois\r\n\r\n\n três \n\n") == ["um\ndois", "três"]
