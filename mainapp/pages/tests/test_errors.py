import re

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.test import Client
from django.urls import URLPattern, include, path

from mainapp.accounts.models import User
from mainapp.core.policies import EVERYONE, page, page_policies
from mainapp.pages import errors
from mainapp.pages.middleware import access
from mainapp.pages.middleware.refusals import refuse_control_characters


def raising(error):
    def view(request, **kwargs):
        bool(request.user.is_authenticated)  # as a page does that checks an object's owner
        raise error

    return view


urlpatterns = [
    path("bad/", raising(BadRequest()), name="test-bad"),
    path("forbidden/", raising(PermissionDenied()), name="test-forbidden"),
    path("broken/", raising(ValueError()), name="test-broken"),
    path("down/", raising(OperationalError("the connection is lost")), name="test-down"),
    path("closed/", raising(InterfaceError("the connection is closed")), name="test-closed"),
    path("api/v1/down/", raising(OperationalError()), name="test-api-down"),
    path("thing/<int:pk>/", raising(Http404()), name="test-thing"),
    path("", include("project.urls")),
]
handler400 = "mainapp.pages.errors.bad_request"
handler403 = "mainapp.pages.errors.permission_denied"
handler404 = "mainapp.pages.errors.page_not_found"
handler500 = "mainapp.pages.errors.server_error"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls(__name__),
    pytest.mark.usefixtures("policies"),
]


@pytest.fixture
def policies(monkeypatch):
    """Let everyone use the pages of this module."""
    names = (route.name for route in urlpatterns if isinstance(route, URLPattern))
    pages = {name: page(EVERYONE) for name in names} | page_policies()
    monkeypatch.setattr(access, "page_policies", lambda: pages)


@pytest.fixture
def client(settings):
    settings.DEBUG = False
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "status", "portuguese", "english"),
    [
        ("/bad/", 400, "Endereço inválido", "Invalid address"),
        ("/forbidden/", 403, "Sem permissão", "No permission"),
        ("/nowhere/", 404, "Página não encontrada", "Page not found"),
        ("/broken/", 500, "Algo deu errado", "Something went wrong"),
        ("/down/", 503, "O banco de dados não responde", "The database is not responding"),
        ("/closed/", 503, "O banco de dados não responde", "The database is not responding"),
    ],
)
def test_errors_are_in_the_visitors_language(client, address, status, portuguese, english):
    response = client.get(address)
    assert (response.status_code, portuguese in response.content.decode()) == (status, True)

    response = client.get(address, headers={"accept-language": "en"})
    assert (response.status_code, english in response.content.decode()) == (status, True)


@pytest.mark.parametrize("address", ["/bad/", "/forbidden/", "/nowhere/", "/broken/", "/down/"])
def test_an_error_page_warns_of_the_simulated_market_only(client, settings, address):
    assert "Mercado simulado" in client.get(address).content.decode()

    settings.QUOTE_KIND = "real"
    assert "SIMULADO" not in client.get(address).content.decode()


def test_page_without_a_database_is_503_with_retry_after(client, caplog):
    response = client.get("/down/")

    assert "Traceback" not in caplog.text
    assert response["Retry-After"] == "5"
    assert response["Cache-Control"] == "no-store"


def test_the_api_without_a_database_answers_by_its_contract(client):
    response = client.get("/api/v1/down/", headers={"accept-language": "en"})

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json() == {
        "code": "unavailable",
        "message": "Out of service for a moment; try again.",
        "fields": {},
    }


def test_errors_of_foreign_and_missing_objects_are_identical(client):
    client.force_login(User.objects.create_user("alice"))
    foreign, missing = client.get("/thing/1/"), client.get("/thing/2/?next=/thing/2/")

    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content
    assert dict(foreign.headers) == dict(missing.headers)
    assert "csrf" not in foreign.content.decode().lower()
    assert "thing" not in foreign.content.decode()
    assert not foreign.cookies


def test_a_missing_page_has_the_search(client):
    page = client.get("/nowhere/").content.decode()
    main = page[page.index("<main") :]

    assert re.search(r'<form[^>]+method="get" action="/buscar/" role="search"', main)
    assert "autofocus" not in main  # a screen reader would skip what the page says


@pytest.mark.parametrize(
    ("wait_s", "words", "retry_after"),
    [(41.2, "Tente em 42 segundos.", "42"), (None, "Espere alguns minutos", "60")],
)
def test_too_many_requests_show_the_time_to_wait(rf, wait_s, words, retry_after):
    response = errors.too_many_requests(rf.get("/"), wait_s)

    assert words in response.content.decode()
    assert response["Retry-After"] == retry_after


@pytest.mark.parametrize("address", ["/broken/", "/down/", "/bad/", "/forbidden/"])
def test_an_error_page_leads_home_or_back(client, address):
    page = client.get(address).content.decode()
    main = page[page.index("<main") :]

    assert re.search(r'<a class="button[^"]*" href="/">Ir para o início</a>', main)
    assert ('href="">Tentar de novo' in main) == (address in ("/broken/", "/down/"))


def test_the_csrf_error_explains_what_to_do(settings):
    settings.DEBUG = False
    response = Client(enforce_csrf_checks=True).post("/login/", {"username": "a"})

    assert response.status_code == 403
    assert "O formulário expirou" in response.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/%00",
        "/privacy/%0d%0aSet-Cookie:%20a=b",
        "/privacy/?q=%00",
        "/privacy/?q=%0a",
        "/privacy/?a%1b=1",
        "/privacy/?q=%7f",
        "/privacy/?q=%C2%85",
    ],
)
def test_control_characters_are_a_bad_request(client, address):
    assert client.get(address).status_code == 400


@pytest.mark.parametrize(
    "query", ["q=ita%C3%BA", "q=a+b", "q=%ff", "q=%E2%80%8F", "q=%F0%9F%98%80"]
)
def test_other_characters_are_accepted(rf, query):
    seen = []
    refuse_control_characters(seen.append)(rf.get(f"/?{query}"))

    assert len(seen) == 1
