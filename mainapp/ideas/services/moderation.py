"""Removal of ideas and comments by moderators' decisions."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from mainapp.ideas.exceptions import IdeaGone
from mainapp.ideas.selectors.evidence import COMMENT, IDEA, find_comment, find_idea
from mainapp.ideas.services.closing import delete_idea
from mainapp.ideas.services.comments import delete_comment
from mainapp.moderation.subjects import Subject


def _remove_idea(pk: int, _actor: Any, at: datetime) -> None:
    with suppress(IdeaGone):
        delete_idea(pk=pk, actor=None, at=at)


def _remove_comment(pk: int, _actor: Any, at: datetime) -> None:
    with suppress(IdeaGone):
        delete_comment(pk=pk, actor=None, at=at)


SUBJECTS = [
    Subject(kind=IDEA, find=find_idea, remove=_remove_idea),
    Subject(kind=COMMENT, find=find_comment, remove=_remove_comment),
]
