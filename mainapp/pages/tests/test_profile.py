import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mainapp.accounts.models import Preferences, User
from mainapp.accounts.services.avatars import AVATARS
from mainapp.core import blocks
from mainapp.core.pictures.folders import new_key
from mainapp.core.pictures.kinds import make_thumbnails
from mainapp.core.policies import MEMBERS
from mainapp.core.tests.images import photo
from mainapp.pages.tests.people import room, write_message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def page(alice):
    """A client with alice's session."""
    client = Client()
    client.force_login(alice)
    return client


def address(user):
    return f"/profile/{user.pk}/"


# The page --------------------------------------------------------------------------------------


def test_a_stranger_sees_the_public_profile_only(client, alice, bob):
    User.objects.filter(pk=alice.pk).update(
        display_name="Alice <b>Lima</b>", bio="Gosto de bancos.\n<script>", email="a@example.com"
    )
    in_room = room(alice)
    write_message(alice, in_room, "Comprei <i>hoje</i>")
    write_message(alice, in_room, "apagada", deleted_at="2026-03-10T15:00:00Z")
    write_message(bob, in_room, "De outro.")

    html = client.get(address(alice)).content.decode()

    assert "Alice &lt;b&gt;Lima&lt;/b&gt;" in html
    assert "@<bdi>alice</bdi>" in html
    assert "<p>Gosto de bancos.<br>&lt;script&gt;</p>" in html
    assert f'<a href="/room/{in_room.pk}/#m1"><bdi>Bancos</bdi></a>' in html
    assert f'<a class="row" href="/room/{in_room.pk}/">' in html
    assert "Comprei &lt;i&gt;hoje&lt;/i&gt;" in html
    for hidden in ("apagada", "De outro.", "a@example.com", "Preferências", "delete-account"):
        assert hidden not in html


def test_the_owner_sees_preferences_and_account_deletion(page, alice):
    html = page.get(address(alice)).content.decode()

    for name in ("language", "theme", "monitoring_minutes", "hides_presence"):
        assert f'<select class="select" name="{name}"' in html
    assert [int(value) for value in _options(html, "monitoring_minutes")] == [
        0, 1, 2, 5, 15, 30, 60, 90,
    ]  # fmt: skip
    assert 'action="/export-data/"' in html
    assert 'href="/delete-account/"' in html


def _options(html, name):
    select = html[html.index(f'name="{name}"') :].partition("</select>")[0]
    return [part.partition('"')[0] for part in select.split('<option value="')[1:]]


def test_saved_preferences_are_selected(page, alice):
    Preferences.objects.create(
        user=alice, language="en", theme="dark", monitoring_minutes=15, hides_presence=True
    )

    html = page.get(address(alice)).content.decode()

    for value in ("en", "dark", "15", "True", "False"):
        assert f'<option value="{value}" selected>' in html
    assert html.count(" selected>") == 8  # also the agenda's two, and the news


@pytest.mark.parametrize(
    "pk", ["0", "007", "-1", "x", "1e3", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 40, "None", "1 "]
)
def test_an_invalid_user_key_is_a_404(client, alice, pk):
    assert client.get(f"/profile/{pk}/").status_code == 404


def test_deactivated_and_missing_users_have_identical_responses(page, bob):
    bob.is_active = False
    bob.save()

    gone, missing = page.get(address(bob)), page.get("/profile/999999/")

    assert gone.status_code == missing.status_code == 404
    assert gone.content == missing.content
    assert dict(gone.items()) == dict(missing.items())


@pytest.mark.parametrize("rows", [3, 30])
def test_the_profile_costs_the_same_queries_at_any_size(
    page, alice, rows, django_assert_max_num_queries
):
    Preferences.objects.create(user=alice, theme="dark")
    for number in range(rows):
        write_message(alice, room(alice, f"Sala {number}"))
    visited_user = User.objects.create_user("carla")

    with django_assert_max_num_queries(6):  # of the sections: one of alerts, one of ideas
        page.get(address(alice))
    with django_assert_max_num_queries(8):  # also presence, and clubs in common
        page.get(address(visited_user))


def test_the_page_mentions_that_only_thirty_rooms_are_listed(client, alice):
    for number in range(31):
        room(alice, f"Sala {number}")

    html = client.get(address(alice)).content.decode()

    assert html.count('href="/room/') == 30
    assert "Só as 30 mais ativas aparecem aqui." in html


def test_a_feature_may_add_a_block(page, client, alice, monkeypatch):
    monkeypatch.setattr(blocks, "_blocks", {})
    block = blocks.Block(
        place="profile",
        name="test",
        order=1,
        template="mainapp/parts/face.html",
        context=lambda *, request, person: {"initials": f"SEÇÃO DE {person.username}"},
        who=MEMBERS,
    )
    blocks.register_block(block)

    assert page.get(address(alice)).content.decode().count("SEÇÃO DE alice") == 1
    assert "SEÇÃO" not in client.get(address(alice)).content.decode()


def test_alerts_are_on_the_own_profile_only(page, client, alice, bob):
    client.force_login(bob)

    assert "Seus alertas" in page.get(address(alice)).content.decode()
    assert "Seus alertas" not in client.get(address(alice)).content.decode()


# Name and text ---------------------------------------------------------------------------------


def test_the_owner_edits_name_and_text(page, alice):
    sent = {"display_name": "  Alice   Lima ", "bio": " Um\r\nDois "}

    response = page.post("/update-profile/", sent)

    alice.refresh_from_db()
    assert response.url == address(alice)
    assert (alice.display_name, alice.bio) == ("Alice Lima", "Um\nDois")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "a\N{RIGHT-TO-LEFT OVERRIDE}b"),
        ("display_name", "a\N{LEFT-TO-RIGHT ISOLATE}b"),
        ("display_name", "a\x07b"),
        ("display_name", "\N{ZERO WIDTH SPACE}"),
        ("display_name", "..."),
        ("display_name", "x" * 61),
        ("display_name", "BOB"),
        ("display_name", "b\N{ZERO WIDTH JOINER}o\N{SOFT HYPHEN}b"),
        ("display_name", "b\N{CYRILLIC SMALL LETTER O}b"),
        ("display_name", "\N{HANGUL FILLER}\N{HANGUL FILLER}"),
        ("display_name", "Suporte"),
        ("bio", "a\N{RIGHT-TO-LEFT EMBEDDING}b"),
        ("bio", "a\x1bb"),
        ("bio", "x" * 501),
    ],
)
def test_invisible_confusable_or_taken_names_are_refused(page, alice, bob, field, value):
    sent = {"display_name": "Alice", "bio": "Oi"} | {field: value}

    response = page.post("/update-profile/", sent)

    alice.refresh_from_db()
    assert (response.status_code, alice.display_name, alice.bio) == (200, "", "")
    assert response.context["form"].errors[field]
    assert f"{address(alice)}" in response.content.decode()


def test_a_composed_emoji_is_allowed_in_a_name(page, alice):
    page.post("/update-profile/", {"display_name": "Ana \N{WOMAN}\u200d\N{PERSONAL COMPUTER}"})

    alice.refresh_from_db()
    assert alice.display_name.startswith("Ana ")


# The picture -----------------------------------------------------------------------------------


def upload(client, data, name="eu.png", **options):
    file = SimpleUploadedFile(name, data)
    return client.post("/update-picture/", {"picture": file}, follow=True, **options)


def test_a_picture_is_uploaded_shown_and_served(
    page, client, alice, django_capture_on_commit_callbacks
):
    assert "Foto recebida." in upload(page, photo()).content.decode()
    assert 'hx-get="/update-picture/state/"' in page.get("/update-picture/state/").content.decode()
    assert "Preparando" not in client.get(address(alice)).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        make_thumbnails(AVATARS.name, alice.pk)
    alice.refresh_from_db()

    state = page.get("/update-picture/state/").content.decode()
    response = client.get(f"/avatar/{alice.avatar_key}/150")

    assert "hx-get" not in state
    assert f'src="/avatar/{alice.avatar_key}/150"' in state
    assert response.content[:4] == b"RIFF"
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert not response.cookies


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "eu.png", "O arquivo está vazio."),
        (b"<svg/>", "eu.svg", "Envie uma imagem"),
        (photo()[:60], "eu.png", "danificada"),
        (bytes(5 * 1024 * 1024 + 1), "eu.png", "passa de 5 MB"),
    ],
)
def test_a_bad_picture_is_refused_and_nothing_is_changed(page, alice, data, name, message):
    User.objects.filter(pk=alice.pk).update(avatar_key="k" * 22, bio="Oi")

    html = upload(page, data, name).content.decode()

    alice.refresh_from_db()
    assert message in html
    assert (alice.avatar_key, alice.avatar_pending, alice.bio) == ("k" * 22, "", "Oi")


def test_a_missing_file_is_refused(page):
    html = page.post("/update-picture/", follow=True).content.decode()

    assert "Escolha um arquivo." in html


@pytest.mark.parametrize(
    "path",
    ["/avatar/../48", "/avatar/..%2f..%2fx/48", f"/avatar/{'a' * 22}/48", "/avatar/a/9999999999"],
)
def test_an_unknown_picture_is_a_404(client, path):
    assert client.get(path).status_code == 404


def test_an_unknown_size_is_a_404(client):
    key = new_key()
    AVATARS.folders.folder(key).mkdir(parents=True)
    (AVATARS.folders.folder(key) / "source.png").write_bytes(b"x")
    (AVATARS.folders.folder(key) / "49.webp").write_bytes(b"x")

    assert client.get(f"/avatar/{key}/49").status_code == 404


def test_removing_the_picture_needs_a_confirmation(page, alice):
    User.objects.filter(pk=alice.pk).update(avatar_key="k" * 22)

    assert page.get("/remove-picture/").status_code == 200
    alice.refresh_from_db()
    assert alice.avatar_key

    assert page.post("/remove-picture/").url == address(alice)
    alice.refresh_from_db()
    assert alice.avatar_key == ""


@pytest.mark.parametrize(
    "path",
    ["/update-profile/", "/remove-picture/", "/update-picture/state/", "/delete-account/"],
)
def test_anonymous_visitors_are_sent_to_the_log_in(client, path):
    assert client.get(path).url == f"/login/?next={path}"


@pytest.mark.parametrize("path", ["/update-picture/", "/export-data/", "/preferences/"])
def test_changes_need_a_post_with_a_csrf_token(page, alice, path):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)

    assert page.get(path).status_code == 405
    assert strict.post(path).status_code == 403
