"""The migration of private rooms, forwards and backwards on the real tables."""

import pytest
from django.utils import timezone

from mainapp.core.tests.migrating import migrate_back, migrated_to
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.tests.factories import make_group

BEFORE = [("forum", "0005_count_new_rooms"), ("accounts", "0010_suspension")]


@pytest.mark.timeout(180)  # migrations of all features
@pytest.mark.django_db(transaction=True)
def test_rooms_stay_in_the_forum_and_private_ones_are_never_made_public():
    now = timezone.now()
    with migrated_to(BEFORE) as apps:
        user = apps.get_model("accounts", "User").objects.create(username="alice")
        room = apps.get_model("forum", "Room").objects.create(
            host_id=user.pk, name="Sala", created_at=now, active_at=now, last_seq=1
        )
        apps.get_model("forum", "Participant").objects.create(
            room=room, user_id=user.pk, joined_at=now
        )
        apps.get_model("forum", "Message").objects.create(
            room=room, author_id=user.pk, seq=1, body="oi", body_html="oi", sent_at=now
        )

    own, message = Participant.objects.get(), Message.objects.get()
    assert list(Room.objects.public().values_list("name", "pair_key")) == [("Sala", None)]
    assert (own.joined_seq, own.left_at, own.read_seq) == (0, None, 0)
    assert (message.kind, message.content, message.reply_to) == ("text", {}, None)

    private = make_group(own.user)
    with pytest.raises(RuntimeError, match="private rooms"):
        migrate_back(BEFORE)
    private.delete()
    with migrated_to(BEFORE):
        pass
    assert Message.objects.get().body == "oi"
