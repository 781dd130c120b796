from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import Block
from mainapp.clubs.tests.factories import make_club
from mainapp.core.models import Tag
from mainapp.ideas.models import Idea, IdeaComment, SavedFilter
from mainapp.ideas.selectors.records import club_ranking, record_of
from mainapp.ideas.services.comments import comment, delete_comment
from mainapp.ideas.tests.factories import last_quote, make_idea
from mainapp.market.selectors.markup import render_text
from mainapp.market.tests.factories import NOON, StockFactory, ticker
from mainapp.notifications.models import Notification

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def carla(django_user_model):
    return django_user_model.objects.create_user("carla", "carla@example.org")


def titles(response):
    return [idea.stock.symbol for idea in response.context["page"]]


@pytest.fixture
def three_ideas(alice, bob):
    """Three ideas: an open buy, a sell that reached its target, an old neutral."""
    last_quote("37.80", symbol="PETR4")
    buy = make_idea(alice, symbol="PETR4", thesis="Petróleo em alta")
    sell = make_idea(
        bob,
        symbol="VALE3",
        side="sell",
        target=Decimal("33.00"),
        stop=Decimal("40.00"),
        thesis="Minério em queda",
        status="target",
        return_pct=Decimal("8.33"),
    )
    old = make_idea(
        bob,
        symbol="ITUB4",
        side="neutral",
        target=None,
        stop=None,
        at=NOON - timedelta(days=10),
        thesis="De lado",
    )
    tag = Tag.objects.create(name="Petróleo", key="petroleo")
    buy.tags.add(tag)
    Idea.objects.filter(pk=sell.pk).update(comments_count=3)
    return buy, sell, old


def test_lists_show_the_start_of_a_thesis_without_its_markdown(client, alice):
    thesis_html, _people = render_text("O petróleo **sobe** & cai:\n\n- caixa\n- dividendo")
    make_idea(alice, thesis_html=thesis_html)
    page = client.get(reverse("ideias")).content.decode()
    assert ">O petróleo sobe &amp; cai: caixa dividendo</p>" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["VALE3", "PETR4", "ITUB4"]),
        ("q=petroleo", ["PETR4"]),
        ("q=minério vale3", ["VALE3"]),
        ("author=bob", ["VALE3", "ITUB4"]),
        ("author=bob&side=neutral", ["ITUB4"]),
        ("author=nobody", []),
        ("tags=petroleo,nada", ["PETR4"]),
        ("stock=petr4", ["PETR4"]),
        ("side=sell", ["VALE3"]),
        ("status=target", ["VALE3"]),
        ("min_comments=3", ["VALE3"]),
        ("created_to=2026-03-05", ["ITUB4"]),
        ("created_from=2026-03-05", ["VALE3", "PETR4"]),
        ("return_min=6", ["VALE3"]),
        ("return_max=6", ["PETR4"]),
        ("ordering=return", ["PETR4", "VALE3", "ITUB4"]),
        ("ordering=-return", ["VALE3", "PETR4", "ITUB4"]),
        ("ordering=-comments_count", ["VALE3", "ITUB4", "PETR4"]),
        ("ordering=created_at", ["ITUB4", "VALE3", "PETR4"]),
        ("side=nonsense&ordering=x&created_to=y", ["VALE3", "PETR4", "ITUB4"]),
        ("club=nonsense", ["VALE3", "PETR4", "ITUB4"]),
    ],
)
def test_filters_combine_on_the_page_and_in_the_api(client, three_ideas, query, found):
    assert titles(client.get(f"/ideias/?{query}")) == found
    response = client.get(f"/api/v1/ideas/?{query}")
    if "nonsense&" in query:
        assert response.status_code == 400
    else:
        assert [row["stock"] for row in response.json()["results"]] == found


def test_books_are_ideas_with_the_fields_of_other_services(client, three_ideas, alice):
    rows = client.get("/api/books/?title=petr4&tags=petroleo&comments_count=0").json()["results"]
    [row] = rows
    assert row["title"] == "Compra PETR4"
    assert row["author"]["username"] == "alice"
    assert [tag["name"] for tag in row["tags"]] == ["Petróleo"]
    assert row["comments_count"] == 0
    order = client.get("/api/books/?ordering=-comments_count").json()["results"]
    assert order[0]["stock"] == "VALE3"


def test_form_shows_the_price_with_its_age(client, alice):
    last_quote("36.12")
    client.force_login(alice)

    text = client.get("/ideias/nova/", {"stock": "petr4f"}).content.decode()
    shown = text.split('class="field-quote"')[1].split("</p>")[0]
    assert 'data-symbol="PETR4"' in shown
    assert "36,12" in shown
    assert "<time" in shown
    assert "data-symbol" not in client.get("/ideias/nova/").content.decode()

    refused = client.post("/ideias/nova/", {"stock": "PETR4"}).content.decode()
    assert "36,12" in refused  # without scripts, the price is there after the first try


def test_form_of_a_waiting_idea_shows_the_price_of_its_stock(client, alice):
    waiting = make_idea(alice, status="waiting", asked_at=timezone.now() + timedelta(hours=1))
    frozen = make_idea(alice, symbol="VALE3")
    last_quote("36.12")
    client.force_login(alice)

    assert "36,12" in client.get(f"/ideia/{waiting.pk}/editar/").content.decode()
    assert "field-quote" not in client.get(f"/ideia/{frozen.pk}/editar/").content.decode()


def test_words_alone_do_not_open_the_other_filters(client, three_ideas):
    def is_open(**query):
        return '<details class="disclosure" open' in client.get("/ideias/", query).content.decode()

    assert (is_open(q="a"), is_open(q="a", side="buy")) == (False, True)


def test_new_idea_is_published_from_the_form(client, alice):
    last_quote("36.00")
    client.force_login(alice)
    data = {
        "stock": "petr4",
        "side": "buy",
        "target": "40,00",
        "stop": "33,00",
        "horizon": "2026-04-10",
        "thesis": "Sobe **muito**.",
        "tags": "Petróleo, juros",
    }
    response = client.post("/ideias/nova/", data)
    idea = Idea.objects.get()
    assert response.url == f"/ideia/{idea.pk}/"
    assert (idea.status, idea.price_at, idea.club) == ("open", Decimal(36), None)
    assert "<strong>muito</strong>" in client.get(response.url).content.decode()

    page = client.post("/ideias/nova/", data)
    assert "já tem uma ideia aberta" in page.content.decode()
    page = client.post("/ideias/nova/", data | {"stock": "PETR4", "target": "36,10"})
    assert page.context["form"].errors.keys() == {"target"}


def test_frozen_terms_are_refused(client, alice):
    idea = make_idea(alice)
    client.force_login(alice)
    client.post(f"/ideia/{idea.pk}/editar/", {"thesis": "Nova.", "target": "90,00", "side": "sell"})
    idea.refresh_from_db()
    assert (idea.thesis, idea.target, idea.side) == ("Nova.", Decimal(40), "buy")
    assert "Petróleo sobe." in client.get(f"/ideia/{idea.pk}/").content.decode()

    refused = client.patch(
        f"/api/v1/ideas/{idea.pk}/", {"target": "90.00"}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    refused = client.patch(
        f"/api/v1/ideas/{idea.pk}/", {"stock": "VALE3"}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")


def test_only_the_author_sees_a_waiting_idea(client, alice, bob):
    idea = make_idea(alice, status="waiting", price_at=None, priced_at=None)
    client.force_login(bob)
    assert client.get(f"/ideia/{idea.pk}/").status_code == 404
    assert titles(client.get("/ideias/")) == []
    client.force_login(alice)
    assert client.get(f"/ideia/{idea.pk}/").status_code == 200
    assert titles(client.get("/ideias/")) == ["PETR4"]


def test_deleted_idea_keeps_its_page_without_the_text(client, alice):
    idea = make_idea(alice)
    client.force_login(alice)
    client.post(f"/ideia/{idea.pk}/apagar/")
    page = client.get(f"/ideia/{idea.pk}/").content.decode()
    assert "Petróleo sobe" not in page
    assert "O texto foi apagado" in page
    assert titles(client.get("/ideias/")) == []
    assert client.get(f"/api/v1/ideas/{idea.pk}/").json()["thesis"] == ""


# Records -----------------------------------------------------------------------------------------


def ended(author, n, status, change, index="1.00", **fields):
    return make_idea(
        author,
        symbol=StockFactory(symbol=ticker(n)).symbol,
        status=status,
        return_pct=Decimal(change),
        index_pct=index and Decimal(index),
        **fields,
    )


def test_record_counts_every_published_idea(alice):
    for n, (status, change) in enumerate(
        [("target", "10"), ("target", "8"), ("stopped", "-5"), ("expired", "1")]
    ):
        ended(alice, n, status, change)
    record = record_of(alice)
    assert (record.published, record.decided, record.hit_pct) == (4, 4, None)

    ended(alice, 4, "closed", "-4", deleted_at=NOON)
    make_idea(alice, symbol=StockFactory(symbol=ticker(5)).symbol)
    make_idea(
        alice,
        symbol=StockFactory(symbol=ticker(6)).symbol,
        status="closed",
        price_at=None,
        priced_at=None,
    )
    record = record_of(alice)
    assert (record.published, record.running, record.decided, record.hits) == (6, 1, 5, 2)
    assert (record.hit_pct, record.mean_pct) == (Decimal("40.00"), Decimal("2.00"))
    assert (record.index_mean_pct, record.excess_pct) == (Decimal("1.00"), Decimal("1.00"))


def test_public_record_holds_nothing_of_a_club(client, alice, bob):
    club = make_club(alice, bob)
    for n in range(6):
        ended(alice, n, "target", "10", club=club)
    assert record_of(alice).published == 0
    [row] = club_ranking(club)
    assert (row.person, row.record.mean_pct) == (alice, Decimal("10.00"))
    page = client.get(f"/ideias/historico/{alice.pk}/").content.decode()
    assert ticker(0) not in page


# Clubs -------------------------------------------------------------------------------------------


def test_idea_of_a_club_does_not_exist_for_others(client, alice, bob, carla):
    club = make_club(alice, bob)
    idea = make_idea(alice, club=club, thesis="zqxsegredo")
    row = comment(idea_pk=idea.pk, author=bob, body="zqxsegredo", at=NOON)
    paths = [
        reverse(name, args=[idea.pk])
        for name in (
            *("ideia", "edit-idea", "close-idea", "delete-idea", "idea-part", "report-idea"),
            *("api-idea", "api-idea-comments"),
        )
    ]
    for user in (None, carla):
        if user:
            client.force_login(user)
        for path in paths:
            never = path.replace(f"/{idea.pk}/", "/999999/")
            answer, missing = client.get(path), client.get(never)
            assert answer.status_code == missing.status_code, path
            if user:
                assert answer.status_code == 404
                assert "zqx" not in answer.content.decode()
        for path in (
            "/ideias/",
            f"/ideias/?club={club.slug}",
            "/api/v1/ideas/",
            "/",
            "/buscar/?q=zqx",
            "/ativo/PETR4/",
            f"/profile/{alice.pk}/",
        ):
            assert "zqxsegredo" not in client.get(path).content.decode(), path
    post = client.post(f"/ideia/{idea.pk}/comentar/", {"body": "x"})
    assert post.status_code == 404
    api = client.post(f"/api/v1/ideas/{idea.pk}/comments/", {"body": "x"}, "application/json")
    assert api.status_code == 404
    assert client.delete(f"/api/v1/ideas/{idea.pk}/comments/{row.pk}/").status_code == 404
    assert client.get(f"/clube/{club.slug}/ideias/").status_code == 404

    client.force_login(bob)
    assert titles(client.get(f"/ideias/?club={club.slug}")) == ["PETR4"]
    assert titles(client.get(f"/clube/{club.slug}/ideias/")) == ["PETR4"]


def test_nobody_publishes_into_a_foreign_club(client, alice, bob, carla):
    last_quote("36.00")
    club = make_club(alice, bob)
    client.force_login(carla)
    data = {"stock": "PETR4", "side": "neutral", "thesis": "a", "horizon": "2026-04-10"}
    client.post("/ideias/nova/", data | {"club": club.pk})
    assert not Idea.objects.filter(club=club).exists()
    for slug in (club.slug, "nothing"):
        answer = client.post(
            "/api/v1/ideas/", data | {"club": slug, "stock": "PETR4"}, "application/json"
        )
        assert answer.status_code == 404


def test_words_that_a_club_filters_are_refused(client, alice):
    last_quote("36.00")
    club = make_club(alice, filtered_words="pirâmide")
    idea = make_idea(alice, club=club, symbol="PETR4")
    client.force_login(alice)
    answer = client.post(
        f"/api/v1/ideas/{idea.pk}/comments/", {"body": "É PIRAMIDE!"}, "application/json"
    )
    assert answer.status_code == 400
    assert not IdeaComment.objects.exists()


# Comments ----------------------------------------------------------------------------------------


def test_comments_are_counted_and_deleted(client, alice, bob):
    idea = make_idea(alice)
    first = comment(idea_pk=idea.pk, author=bob, body="um", at=NOON)
    comment(idea_pk=idea.pk, author=alice, body="dois", at=NOON)
    delete_comment(pk=first.pk, actor=bob, at=NOON)
    delete_comment(pk=first.pk, actor=bob, at=NOON)
    idea.refresh_from_db()
    assert idea.comments_count == 1
    rows = client.get(f"/api/v1/ideas/{idea.pk}/comments/").json()["results"]
    assert [(row["body_html"], row["deleted"]) for row in rows] == [
        ("", True),
        ("<p>dois</p>", False),
    ]
    assert "comentário apagado" in client.get(f"/ideia/{idea.pk}/").content.decode()


def test_comment_notifies_author_and_participants_once_until_read(alice, bob, carla):
    idea = make_idea(alice)
    comment(idea_pk=idea.pk, author=bob, body="um", at=NOON)
    comment(idea_pk=idea.pk, author=bob, body="dois", at=NOON)
    comment(idea_pk=idea.pk, author=carla, body="três", at=NOON)
    rows = Notification.objects.order_by("pk").values_list("user__username", "url")
    assert list(rows) == [("alice", f"/ideia/{idea.pk}/"), ("bob", f"/ideia/{idea.pk}/")]


def test_blocked_person_neither_comments_nor_notifies(client, alice, bob, carla):
    Block.objects.create(blocker=alice, blocked=bob, blocked_at=NOON)
    idea = make_idea(alice)
    client.force_login(bob)
    assert client.post(f"/ideia/{idea.pk}/comentar/", {"body": "x"}).status_code == 422
    other = make_idea(carla, symbol="VALE3")
    comment(idea_pk=other.pk, author=alice, body="oi", at=NOON)
    Notification.objects.all().delete()
    comment(idea_pk=other.pk, author=bob, body="zqx", at=NOON)
    assert list(Notification.objects.values_list("user", flat=True)) == [carla.pk]
    client.force_login(alice)
    assert (
        "Comentário de uma pessoa bloqueada" in client.get(f"/ideia/{other.pk}/").content.decode()
    )


def test_saved_filter_is_offered_and_replaced(client, alice):
    client.force_login(alice)
    client.post("/ideias/filtro/", {"name": "Meu", "query": "q=petr&evil=1&page=3"})
    client.post("/ideias/filtro/", {"name": "Meu", "query": "side=buy"})
    row = SavedFilter.objects.get()
    assert row.query == "side=buy"
    assert "Meu" in client.get("/ideias/?side=buy").content.decode()
    client.post(f"/ideias/filtro/{row.pk}/apagar/")
    assert not SavedFilter.objects.exists()


def test_complaint_is_decided_by_removal(alice, bob):
    from mainapp.ideas.selectors.evidence import find_idea  # noqa: PLC0415 - for one test
    from mainapp.ideas.services.moderation import SUBJECTS  # noqa: PLC0415 - for one test

    idea = make_idea(alice)
    row = comment(idea_pk=idea.pk, author=alice, body="ruim", at=NOON)
    evidence = find_idea(idea.pk, bob)
    assert (evidence.person_id, evidence.scope) == (alice.pk, "")
    for subject, pk in zip(SUBJECTS, (idea.pk, row.pk), strict=True):
        subject.remove(pk, bob, NOON)
        subject.remove(pk, bob, NOON)
    idea.refresh_from_db()
    row.refresh_from_db()
    assert (idea.thesis, idea.status, row.body) == ("", "open", "")
