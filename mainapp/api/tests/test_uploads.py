"""Uploads through the API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mainapp.core.tests.images import photo
from mainapp.uploads.services.uploads import make_thumbnails

URL = "/api/v1/uploads/"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def api(alice, client):
    client.force_login(alice)
    return client


def send(client, data, name="a.png"):
    return client.post(URL, {"file": SimpleUploadedFile(name, data)})


def test_a_picture_is_uploaded_and_gets_its_thumbnails(api):
    response = send(api, photo((80, 60)))
    assert response.status_code == 201
    data = response.json()
    assert (data["kind"], data["state"], data["thumbnails"]) == ("image", "pending", {})
    make_thumbnails(pk=data["id"])
    data = api.get(f"{URL}{data['id']}/").json()

    assert (data["state"], data["width"], data["height"]) == ("ready", 80, 60)
    for address in (data["url"], *data["thumbnails"].values()):
        assert api.get(address).status_code == 200
    assert [row["id"] for row in api.get(URL).json()["results"]] == [data["id"]]


def test_refusals_have_their_code(api):
    assert send(api, b"<svg/>", "a.svg").json()["code"] == "invalid"
    assert api.post(URL, {}).json()["code"] == "invalid"
    assert api.post(URL, {"x": "y"}, content_type="application/json").status_code == 415


def test_uploads_are_the_users_own(api, bob, client):
    pk = send(api, b"a;b", "a.csv").json()["id"]
    client.force_login(bob)

    assert client.get(URL).json()["count"] == 0
    for method in (client.get, client.delete):
        assert method(f"{URL}{pk}/").status_code == 404


def test_an_upload_is_deleted_with_its_file(api):
    data = send(api, b"a;b", "a.csv").json()

    assert api.delete(f"{URL}{data['id']}/").status_code == 204
    assert api.get(data["url"]).status_code == 404
