"""Ideas, their edits and comments, saved filters, and breaks of a stock's prices."""

from mainapp.ideas.models.breaks import PriceBreak
from mainapp.ideas.models.comments import IdeaComment, IdeaCommentQuerySet
from mainapp.ideas.models.filters import SavedFilter
from mainapp.ideas.models.ideas import Idea, IdeaEdit, IdeaQuerySet

__all__ = [
    "Idea",
    "IdeaComment",
    "IdeaCommentQuerySet",
    "IdeaEdit",
    "IdeaQuerySet",
    "PriceBreak",
    "SavedFilter",
]
