import os
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from mainapp.core.management import catalogues


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("templates", "mainapp/market/tests", "static/mainapp/js", "project"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def ids(project: Path, domain: str) -> set[object]:
    return {message.id for message in catalogues.extract_messages(project, domain) if message.id}


@pytest.mark.parametrize("domain", catalogues.DOMAINS)
def test_every_message_is_translated(domain):
    assert catalogues.find_faults(settings.BASE_DIR, domain) == []


def test_extraction_reads_templates(project):
    write(
        project / "templates/page.html",
        """{% load i18n %}
          <p title="{% translate 'Título' %}">{% translate "Olá" %}</p>
        {% blocktranslate trimmed with name=user.name %}
            Bem-vinda,
            {{ name }}
          {% endblocktranslate %}
      {% blocktranslate count n=n %}{{ n }} ativo{% plural %}{{ n }} ativos{% endblocktranslate %}
        {% translate "Aberto" context "mercado" as word %}
        {% if x == _("Valor") %}{{ _("Filtro")|upper }}{% endif %}""",
    )

    assert ids(project, "django") == {
        "Título",
        "Olá",
        "Bem-vinda, %(name)s",
        ("%(n)s ativo", "%(n)s ativos"),
        "Aberto",
        "Valor",
        "Filtro",
    }
    assert catalogues.extract_messages(project, "django").get("Aberto", "mercado") is not None


def test_extraction_reads_python_but_not_its_tests(project):
    write(
        project / "mainapp/market/views.py",
        'gettext("Um")\n_("Dois")\nngettext("%(n)s dia", "%(n)s dias", 3)\npgettext("c", "Três")\n',
    )
    write(project / "mainapp/market/tests/test_views.py", 'gettext("Quatro")\n')

    assert ids(project, "django") == {"Um", "Dois", ("%(n)s dia", "%(n)s dias"), "Três"}


def test_extraction_reads_modules_of_the_browser(project):
    write(
        project / "static/mainapp/js/page.js",
        """const big = 10n;
        show(gettext("Um"), `${gettext("Dentro")} ${big}`);
        ngettext("%s dia", "%s dias", n);""",
    )

    assert ids(project, "djangojs") == {"Um", "Dentro", ("%s dia", "%s dias")}
    assert ids(project, "django") == set()


def test_update_keeps_translations_and_removes_unused_ones(project):
    page = project / "templates/page.html"
    write(page, "{% load i18n %}{% translate 'Sair' %}{% translate 'Some' %}")
    assert catalogues.update_catalogue(project, "django") == 2
    po = catalogues.po_path(project, "django")
    write(po, po.read_text(encoding="utf-8").replace('"Sair"\nmsgstr ""', '"Sair"\nmsgstr "Leave"'))

    write(page, "{% load i18n %}{% translate 'Novo' %}{% translate 'Sair' %}")

    assert catalogues.update_catalogue(project, "django") == 1
    text = po.read_text(encoding="utf-8")
    assert 'msgid "Sair"\nmsgstr "Leave"' in text
    assert "Some" not in text


def test_update_changes_nothing_the_second_time(project):
    write(project / "templates/page.html", "{% load i18n %}{% translate 'B' %}{% translate 'A' %}")
    catalogues.update_catalogue(project, "django")
    once = catalogues.po_path(project, "django").read_text(encoding="utf-8")

    catalogues.update_catalogue(project, "django")

    assert catalogues.po_path(project, "django").read_text(encoding="utf-8") == once
    assert "Date" not in once


ENTRY = 'msgid "Sair %(n)s"\nmsgstr "{}"\n'


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ("", "missing: Sair %(n)s"),
        (ENTRY.format(""), "untranslated: Sair %(n)s"),
        ("#, fuzzy\n" + ENTRY.format("Leave %(n)s"), "fuzzy: Sair %(n)s"),
        (
            ENTRY.format("Leave %(n)s") + '\nmsgid "Velho"\nmsgstr "Old"\n',
            "not in the sources: Velho",
        ),
        (ENTRY.format("Leave %(n)s") + '\n#~ msgid "Velho"\n#~ msgstr "Old"\n', "obsolete: Velho"),
    ],
)
def test_faults_are_reported(project, entries, fault):
    write(project / "mainapp/market/views.py", '_("Sair %(n)s")\n')
    po = catalogues.po_path(project, "django")
    po.parent.mkdir(parents=True)
    write(po, catalogues.HEADER + entries)

    assert catalogues.find_faults(project, "django") == [fault]


def test_a_lost_placeholder_is_a_fault(project):
    write(project / "mainapp/market/views.py", '_("Sair %(n)s")\n')
    po = catalogues.po_path(project, "django")
    po.parent.mkdir(parents=True)
    write(po, catalogues.HEADER + "#, python-format\n" + ENTRY.format("Leave %(m)s"))

    assert [line.rpartition(": ")[2] for line in catalogues.find_faults(project, "django")] == [
        "Sair %(n)s"
    ]


def test_compiling_follows_the_catalogue(project):
    po = catalogues.po_path(project, "django")
    po.parent.mkdir(parents=True)
    for english in ("Leave", "Log out"):
        write(po, catalogues.HEADER + f'msgid "Sair"\nmsgstr "{english}"\n')

        catalogues.compile_stale(project)

        with po.with_suffix(".mo").open("rb") as file:
            assert GNUTranslations(file).gettext("Sair") == english
        os.utime(po.with_suffix(".mo"), (1, 1))
    assert [path.name for path in po.parent.glob("*.mo")] == ["django.mo"]


def test_check_fails_on_untranslated_messages(project, settings):
    settings.BASE_DIR = project
    write(project / "templates/page.html", "{% load i18n %}{% translate 'Sair' %}")

    with pytest.raises(CommandError, match="django: missing: Sair"):
        call_command("messages", "check")

    call_command("messages", "extract")
    with pytest.raises(CommandError, match="django: untranslated: Sair"):
        call_command("messages", "check")
