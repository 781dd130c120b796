"""The rows and columns of each kind, and who may see them."""

import csv
import io
from datetime import UTC, datetime

import openpyxl
import pytest
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.alerts.tests.factories import make_alert, record
from mainapp.clubs.models import ClubMember
from mainapp.clubs.tests.factories import make_club
from mainapp.forum.models import Participant
from mainapp.forum.services.club_rooms import create_club_room
from mainapp.forum.tests.factories import MessageFactory, RoomFactory, make_group
from mainapp.ideas.tests.factories import make_idea
from mainapp.operations.selectors.reports import KINDS, offered
from mainapp.operations.tests.factories import ReportFactory, make_mails, run_to_end

EVENING = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)


def rows_of(reports_dir, owner, kind, **params):
    """Return the rows of a report of `owner`, without the heading."""
    report = run_to_end(ReportFactory(owner=owner, kind=kind, params=params))
    assert report.state == "done", report.error
    text = (reports_dir / report.file).read_text("utf-8-sig")
    heading, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert {len(row) for row in rows} <= {len(heading)}
    return rows


@pytest.fixture
def admin(db):
    return User.objects.create_user("root", access_level="admin")


def test_alerts_and_firings_are_the_owners(alice, bob, reports_dir, board):
    alert = make_alert(alice, compra="35.50", note="=1+1")
    make_alert(bob, compra="35.50")
    record("36.00")
    record("35.40", minutes=1)
    (row,) = rows_of(reports_dir, alice, "alerts")
    assert row[:9] == [
        *(str(alert.pk), "PETR4", "35,50", "", "", "", "Uma vez", "Disparado", "'=1+1")
    ]
    (firing,) = rows_of(reports_dir, alice, "firings")
    assert firing[:5] == [str(alert.pk), "PETR4", "Cair até", "35,50", "35,40"]


def test_conversations_are_own_messages_in_rooms_that_the_user_may_read(alice, bob, reports_dir):
    room, group, left = RoomFactory(name="Fórum"), make_group(alice, bob), make_group(bob, alice)
    MessageFactory(room=room, author=alice, body="a\nb", sent_at=EVENING)
    MessageFactory(room=room, author=bob, body="de outro")
    MessageFactory(room=room, author=alice, body="", deleted_at=timezone.now())
    MessageFactory(room=group, author=alice, body="no grupo")
    MessageFactory(room=left, author=alice, body="de antes")
    Participant.objects.filter(room=left, user=alice).update(left_at=timezone.now())

    rows = rows_of(reports_dir, alice, "conversations")
    assert [row[4] for row in rows] == ["a\nb", "no grupo"]
    assert rows[0][:4] == ["fórum", "Fórum", "1", "texto"]
    assert rows[0][5:] == ["2026-03-10 20:30:00", ""]


def test_ideas_are_own_ones_that_the_user_may_still_see(alice, bob, reports_dir):
    club = make_club(bob, alice)
    own = make_idea(alice)
    make_idea(alice, club=club, symbol="VALE3")
    make_idea(bob)
    make_idea(alice, deleted_at=timezone.now(), symbol="ITUB4")
    assert len(rows_of(reports_dir, alice, "ideas")) == 2
    ClubMember.objects.filter(club=club, user=alice).delete()
    (row,) = rows_of(reports_dir, alice, "ideas")
    assert row[:5] == [str(own.pk), "", "PETR4", "compra", "aberta"]


def test_club_activity_counts_members_work_in_the_club_alone(alice, bob, reports_dir):
    club = make_club(alice, bob)
    make_club(bob, alice)
    room = create_club_room(club_pk=club.pk, actor=alice, name="Mesa")
    MessageFactory(room=room, author=bob, sent_at=EVENING)
    MessageFactory(room=RoomFactory(), author=bob)
    MessageFactory(room=make_group(alice, bob), author=bob)
    make_idea(bob, club=club)
    make_idea(bob, symbol="VALE3")
    rows = rows_of(reports_dir, alice, "club_activity", club=club.slug)
    assert [(row[1], row[2], row[3], row[4], row[6]) for row in rows] == [
        ("alice", "dono", "0", "0", ""),
        ("bob", "membro", "1", "1", "2026-03-10 20:30:00"),
    ]


def test_active_users_have_no_address(admin, alice, bob, reports_dir):
    User.objects.filter(pk=alice.pk).update(email="alice@example.org", display_name="Ana")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    rows = rows_of(reports_dir, admin, "active_users")
    assert [(row[1], row[2], row[3]) for row in rows] == [
        ("root", "", "Administrador"),
        ("alice", "Ana", "Usuário"),
    ]


def test_the_mail_log_has_neither_text_nor_links_nor_whole_addresses(admin, alice, reports_dir):
    secret = "canário https://example.org/reset/x"
    make_mails(1, user=alice, subject=secret, text=secret, html=secret, headers={"X": secret})
    make_mails(1, kind="telegram")
    report = run_to_end(ReportFactory(owner=admin, kind="mail_log"))
    text = (reports_dir / report.file).read_text()
    assert "canário" not in text
    assert "https" not in text
    assert "ana0@" not in text
    (row,) = rows_of(reports_dir, admin, "mail_log")
    assert row[1:6] == [str(alice.pk), "a•••@e•••", "", "enviada", "0"]


def test_each_kind_makes_a_workbook(admin, reports_dir):
    club = make_club(admin)
    for name, kind in KINDS.items():
        params = {"club": club.slug} if name == "club_activity" else {}
        report = ReportFactory(owner=admin, kind=name, params=params, format="xlsx")
        report = run_to_end(report)
        (sheet,) = openpyxl.load_workbook(reports_dir / report.file).worksheets
        heading = [cell.value for cell in sheet[1]]
        assert heading == [column.heading for column in kind.columns]
        for label, column in zip(heading, kind.columns, strict=True):
            assert label.endswith(" (horário de São Paulo)") == column.is_time


def test_people_are_offered_what_they_may_see(alice, bob, admin):
    make_club(alice, bob, name="Fundo", slug="fundo")
    own = ["alerts", "firings", "carteira", "conversations", "ideas"]
    assert list(offered(bob)) == own
    assert list(offered(alice)) == [*own, "club_activity/fundo"]
    assert list(offered(admin)) == [*own, "active_users", "mail_log"]
    assert offered(alice)["club_activity/fundo"][1].label == "Atividade de um clube: Fundo"


def test_archived_clubs_have_no_report(alice, reports_dir):
    club = make_club(alice)
    report = ReportFactory(owner=alice, kind="club_activity", params={"club": club.slug})
    club.archived_at = timezone.now()
    club.save()
    assert run_to_end(report).state == "failed"
