"""Comments on ideas."""

from typing import Any

from django.conf import settings
from django.db import models

from mainapp.ideas.models.ideas import Idea


class IdeaCommentQuerySet(models.QuerySet["IdeaComment"]):
    def visible_to(self, user: Any) -> "IdeaCommentQuerySet":
        """Return the comments on the ideas that a user, possibly anonymous, may see."""
        return self.filter(idea__in=Idea.objects.visible_to(user))


class IdeaComment(models.Model):
    """A comment on an idea. A deleted one loses its text and keeps its place."""

    idea = models.ForeignKey(Idea, models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="idea_comments"
    )
    body = models.TextField()
    body_html = models.TextField()
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    objects = IdeaCommentQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["idea", "id"], name="comments_of_an_idea"),
            models.Index(fields=["author", "-id"], name="comments_by_author"),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk}"
