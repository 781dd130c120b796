"""`ideas/`: ideas, their comments, and track records; `books/`: the same list by another name."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mainapp.accounts.models import User
from mainapp.api.pagination import Pages
from mainapp.api.serializers.common import NoFields
from mainapp.api.serializers.ideas import (
    BookQuery,
    CommentData,
    CommentInput,
    IdeaChange,
    IdeaData,
    IdeaInput,
    IdeaQuery,
    RecordData,
    idea_data,
    record_data,
)
from mainapp.api.views.base import ApiView, valid
from mainapp.clubs.exceptions import ClubGone
from mainapp.clubs.models import Club
from mainapp.core.paths import missing_as_404
from mainapp.ideas.forms import BookFilter, IdeaFilter
from mainapp.ideas.models import Idea, IdeaComment
from mainapp.ideas.selectors.ideas import blocked_by, comments_of, get_idea
from mainapp.ideas.selectors.listing import listed_ideas
from mainapp.ideas.selectors.live import comment_data
from mainapp.ideas.selectors.records import record_of
from mainapp.ideas.services.closing import close_idea, delete_idea
from mainapp.ideas.services.comments import comment, delete_comment
from mainapp.ideas.services.publishing import edit_idea, publish_idea


class IdeaList(ApiView):
    """A list of ideas, filtered by one of the filter sets."""

    pagination_class = Pages
    filters: type[IdeaFilter] = IdeaFilter

    def ideas_page(self, request: Any) -> Response:
        rows = listed_ideas(request.user, request.query_params.getlist("club"))
        found = self.filters(request.query_params, rows)
        if not found.form.is_valid():
            raise ValidationError(found.form.errors)
        page: list[Idea] = self.paginate_queryset(found.filter_queryset(rows))
        return self.get_paginated_response([idea_data(idea) for idea in page])


class IdeasView(IdeaList):
    """The published ideas that the user may see, and publishing one."""

    serializer_class = IdeaInput

    @extend_schema(parameters=[IdeaQuery], responses={200: IdeaData(many=True)})
    def get(self, request: Any) -> Response:
        return self.ideas_page(request)

    @extend_schema(responses={201: IdeaData})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        data["club"] = _club(data.get("club"), request.user)
        idea = publish_idea(author=request.user, at=timezone.now(), **data)
        return Response(_data(idea.pk, request.user), 201)


class BooksView(IdeaList):
    """The ideas in the form of other services."""

    filters = BookFilter

    @extend_schema(parameters=[BookQuery], responses={200: IdeaData(many=True)})
    def get(self, request: Any) -> Response:
        return self.ideas_page(request)


class IdeaView(ApiView):
    """One idea, changing it, and deleting its text."""

    serializer_class = IdeaChange

    @extend_schema(responses={200: IdeaData})
    def get(self, request: Any, pk: int) -> Response:
        return Response(_data(pk, request.user))

    @extend_schema(responses={200: IdeaData})
    def patch(self, request: Any, pk: int) -> Response:
        data = valid(self.get_serializer(data=request.data, partial=True))
        _own_or_404(pk, request.user)
        edit_idea(pk=pk, author=request.user, at=timezone.now(), **data)
        return Response(_data(pk, request.user))

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        _own_or_404(pk, request.user)
        delete_idea(pk=pk, actor=request.user, at=timezone.now())
        return Response(status=204)


class CloseIdeaView(ApiView):
    """Closing an idea at the current price, or at the next one."""

    serializer_class = NoFields

    @extend_schema(responses={200: IdeaData})
    def post(self, request: Any, pk: int) -> Response:
        valid(self.get_serializer(data=request.data))
        _own_or_404(pk, request.user)
        close_idea(pk=pk, author=request.user, at=timezone.now())
        return Response(_data(pk, request.user))


class CommentsView(ApiView):
    """The comments on an idea, the oldest first, and adding one."""

    serializer_class = CommentInput
    pagination_class = Pages

    @extend_schema(responses={200: CommentData(many=True)})
    def get(self, request: Any, pk: int) -> Response:
        with missing_as_404():
            idea = get_idea(pk, request.user)
        page: list[IdeaComment] = self.paginate_queryset(comments_of(idea, request.user))
        blocked = blocked_by(request.user)
        return self.get_paginated_response([_comment(row, blocked) for row in page])

    @extend_schema(responses={201: CommentData})
    def post(self, request: Any, pk: int) -> Response:
        data = valid(self.get_serializer(data=request.data))
        with missing_as_404():
            get_idea(pk, request.user)
        row = comment(idea_pk=pk, author=request.user, body=data["body"], at=timezone.now())
        return Response(comment_data(row), 201)


class CommentView(ApiView):
    """Deleting one's comment."""

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int, comment_pk: int) -> Response:
        rows = IdeaComment.objects.visible_to(request.user).filter(idea=pk, author=request.user)
        get_object_or_404(rows, pk=comment_pk)
        delete_comment(pk=comment_pk, actor=request.user, at=timezone.now())
        return Response(status=204)


class RecordView(ApiView):
    """A person's track record."""

    @extend_schema(responses={200: RecordData})
    def get(self, request: Any, pk: int) -> Response:
        person = get_object_or_404(User.objects.filter(is_active=True), pk=pk)
        return Response(RecordData(record_data(record_of(person))).data)


def _data(pk: int, user: Any) -> Any:
    with missing_as_404():
        return idea_data(get_idea(pk, user))


def _own_or_404(pk: int, user: Any) -> None:
    rows = Idea.objects.visible_to(user).filter(author=user, deleted_at=None)
    get_object_or_404(rows, pk=pk)


def _club(slug: str | None, user: Any) -> Club | None:
    if not slug:
        return None
    club = Club.objects.visible_to(user).filter(slug=slug).first()
    if club is None:
        raise ClubGone
    return club


def _comment(row: IdeaComment, blocked: set[int]) -> Any:
    """Return a comment; that of a person whom the reader blocks is folded."""
    data = comment_data(row)
    return data | {"body_html": ""} if row.author_id in blocked else data
