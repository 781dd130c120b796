"""Texts of the operations of ideas."""

from collections.abc import Mapping

from mainapp.api.schema.texts.text import Text

_IDEA = {
    "title": "Compra PETR4",
    "side": "buy",
    "status": "open",
    "thesis": "O petróleo sobe, e a ação ainda não.",
    "thesis_html": "<p>O petróleo sobe, e a ação ainda não.</p>",
    "target": "44.00",
    "stop": "35.00",
    "horizon": "2026-12-18",
    "closed_at": None,
    "return_pct": "1.20",
    "index_pct": None,
}
_FILTERS = (
    "Published ideas, the newest first: public ones and those of the user's clubs. All filters can "
    "be combined. `club` is the slug of one of the user's clubs; any other value gives the public "
    "ideas."
)

TEXTS: Mapping[tuple[str, str], Text] = {
    ("get", "ideas/"): Text(summary="List the ideas", description=_FILTERS, answer=_IDEA),
    ("post", "ideas/"): Text(
        summary="Publish an idea",
        description=(
            "An idea is published at the last recorded price if that is at most two minutes old "
            "and was made in a session. Otherwise it is `waiting` for the first price made after "
            "it. Stock, side, target, stop and horizon never change after the publication. One "
            "live idea per author and stock."
        ),
        body={
            "stock": "VALE3",
            "side": "neutral",
            "thesis": "De lado até o balanço.",
            "horizon": "2026-12-18",
        },
        answer=_IDEA,
        errors=("conflict", "suspended", "not_found"),
    ),
    ("get", "books/"): Text(
        summary="List the ideas as other services do",
        description=(
            "The ideas of `ideas/`, with the filters `title`, `author`, `tags` and "
            "`comments_count`, for clients of other services."
        ),
        answer=_IDEA,
    ),
    ("get", "ideas/{id}/"): Text(
        summary="Read an idea",
        description="An idea that the user may see. A deleted one has no thesis.",
        answer=_IDEA,
    ),
    ("patch", "ideas/{id}/"): Text(
        summary="Edit an idea",
        description=(
            "Thesis and tags for 15 minutes after the publication, the other fields only while it "
            "waits for the market to open. The earlier versions stay visible."
        ),
        body={"thesis": "De lado até o balanço de março."},
        answer=_IDEA,
        errors=("conflict", "suspended"),
    ),
    ("delete", "ideas/{id}/"): Text(
        summary="Delete an idea's text",
        description="The idea is judged as before, and stays in its author's record.",
    ),
    ("post", "ideas/{id}/close/"): Text(
        summary="Close an idea",
        description=(
            "At the last recorded price if that is current, else at the next one: "
            "`closing_asked_at` is set until then."
        ),
        answer=_IDEA,
        errors=("conflict",),
    ),
    ("get", "ideas/{id}/comments/"): Text(
        summary="List an idea's comments",
        description="The oldest first. Deleted ones have no text.",
    ),
    ("post", "ideas/{id}/comments/"): Text(
        summary="Comment on an idea",
        description="The author and those who commented are notified.",
        body={"body": "Concordo."},
        errors=("forbidden", "suspended"),
    ),
    ("delete", "ideas/{id}/comments/{comment_pk}/"): Text(
        summary="Delete a comment",
        description="The text of one's own comment is removed.",
    ),
    ("get", "ideas/record/{id}/"): Text(
        summary="Read a track record",
        description=(
            "A person's public ideas, deleted ones included: how many reached their target, the "
            "mean return, and that of the IBOV over the same days. Null for fewer than five."
        ),
        answer={"hit_pct": "60.00", "mean_pct": "2.10", "index_mean_pct": "1.00"},
    ),
}
