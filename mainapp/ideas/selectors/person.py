"""A user's ideas and comments in the data export."""

from collections.abc import Iterable

from mainapp.accounts.models import User
from mainapp.accounts.personal_data import Row, Table
from mainapp.ideas.models import Idea, IdeaComment, SavedFilter

CHUNK = 2000
IDEAS = (
    *("id", "club", "stock", "side", "thesis", "target", "stop", "horizon", "status", "quote_kind"),
    *("created_at", "edited_at", "price_at", "priced_at", "close_price", "closed_at"),
    *("return_pct", "index_pct", "deleted_at"),
)
COMMENTS = ("id", "idea_id", "body", "created_at", "deleted_at")
FILTERS = ("name", "query")


def idea_table(user: User) -> Iterable[Row]:
    """Return all ideas that a user wrote, also in clubs that they have left."""
    names = {"club": "club__slug", "stock": "stock__symbol"}
    rows = Idea.objects.filter(author=user).order_by("pk")
    return rows.values_list(*(names.get(name, name) for name in IDEAS)).iterator(chunk_size=CHUNK)


def comment_table(user: User) -> Iterable[Row]:
    rows = IdeaComment.objects.filter(author=user).order_by("pk")
    return rows.values_list(*COMMENTS).iterator(chunk_size=CHUNK)


def filter_table(user: User) -> Iterable[Row]:
    rows = SavedFilter.objects.filter(owner=user).order_by("pk")
    return rows.values_list(*FILTERS).iterator(chunk_size=CHUNK)


TABLES = [
    Table(name="ideas", columns=IDEAS, rows=idea_table),
    Table(name="idea_comments", columns=COMMENTS, rows=comment_table),
    Table(name="idea_filters", columns=FILTERS, rows=filter_table),
]
