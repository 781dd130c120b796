import pytest
from django.urls import reverse

from mainapp.accounts.models import User
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.services.messages import delete_message
from mainapp.forum.services.rooms import create_room
from mainapp.forum.tests.factories import MessageFactory
from mainapp.market.tests.factories import StockFactory

NAMES = [model._meta.model_name for model in (Room, Participant, Message)]


@pytest.fixture
def fill(alice, bob):
    def fill_(count):
        for n in range(count):
            host, author = (User.objects.create_user(f"{letter}{n}{count}") for letter in "ha")
            room = create_room(host=host, name=f"Sala {n}", stock=StockFactory())
            for _ in range(2):
                MessageFactory(room=room, author=author)
            delete_message(room_pk=room.pk, seq=2, actor=host)

    return fill_


@pytest.mark.parametrize("name", NAMES)
def test_list_costs_the_same_for_three_rows_and_thirty(admin_client, fill, name, queries):
    costs = []
    for count in (3, 27):
        fill(count)
        queries.clear()
        response = admin_client.get(reverse(f"admin:forum_{name}_changelist"), {"q": "a"})
        assert response.status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_shown_and_not_changed(admin_client, fill, name):
    fill(1)
    model = Room._meta.apps.get_model("forum", name)
    pk = model.objects.first().pk
    page = reverse(f"admin:forum_{name}_change", args=[pk])

    assert admin_client.get(page).status_code == 200
    assert admin_client.post(page, {}).status_code == 403
    for action in ("add", "delete"):
        address = reverse(f"admin:forum_{name}_{action}", args=[pk] if action == "delete" else [])
        assert admin_client.get(address).status_code == 403
