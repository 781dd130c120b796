"""Comments that are posted and deleted at once, on the database of the test run."""

import pytest
from django.test import override_settings
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.tests.threads import in_threads, requests_of
from mainapp.ideas.models import IdeaComment
from mainapp.ideas.services.comments import comment
from mainapp.ideas.tests.factories import make_idea

POSTED, DELETED, KEPT = 25, 25, 5


@pytest.mark.django_db(transaction=True)
@override_settings(API_REQUESTS_A_MINUTE_ADDRESS=10_000)
def test_comments_are_counted_exactly_while_50_are_posted_and_deleted():
    idea = make_idea(User.objects.create_user("author"))
    people = [User.objects.create_user(f"p{n}") for n in range(POSTED + DELETED + KEPT)]
    path = f"/api/v1/ideas/{idea.pk}/comments/"
    posts = [(person, "post", path, {"body": "depois"}) for person in people[:POSTED]]
    deletions = []
    for person in people[POSTED:]:
        row = comment(idea_pk=idea.pk, author=person, body="antes", at=timezone.now())
        deletions.append((person, "delete", f"{path}{row.pk}/", {}))
    deletions = deletions[:DELETED] + deletions[:5]  # some are sent twice

    answers = in_threads(requests_of([*posts, *deletions]))

    assert {answer.status_code for answer in answers} == {201, 204}
    idea.refresh_from_db()
    assert idea.comments_count == POSTED + KEPT
    assert IdeaComment.objects.filter(idea=idea, deleted_at=None).count() == POSTED + KEPT
