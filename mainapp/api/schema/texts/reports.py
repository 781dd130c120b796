"""Reports."""

from collections.abc import Mapping

from mainapp.api.schema.texts.text import Text

_ANSWER = {
    "kind": "firings",
    "params": {},
    "format": "xlsx",
    "status": "pending",
    "progress": 0,
    "rows": 0,
    "file_path": None,
    "error": "",
    "finished_at": None,
    "expires_at": None,
}
_DONE = _ANSWER | {
    "status": "done",
    "progress": 100,
    "rows": 312,
    "waiting_for_worker": False,
    "file_path": "/api/v1/reports/7/download/",
    "finished_at": "2026-09-14T17:30:08.000Z",
    "expires_at": "2026-09-21T17:30:08.000Z",
}
TEXTS: Mapping[tuple[str, str], Text] = {
    ("get", "reports/"): Text(
        summary="List the reports",
        description="The user's reports, newest first.",
        answer=_DONE,
    ),
    ("post", "reports/"): Text(
        summary="Request a report",
        description=(
            "A worker makes the file; read `status` and `progress`, or wait for the notification "
            "of the kind `report`. Kinds: `alerts`, `firings`, `carteira`, `conversations` (the "
            'user\'s own messages), `ideas`; `club_activity` with `params` `{"club": slug}`, for '
            "the managers of the club; `active_users` and `mail_log`, for admins. From an "
            "admin, an empty body means `active_users`. At most `REPORTS_A_DAY` a day, three open."
        ),
        body={"kind": "firings", "params": {}, "format": "xlsx"},
        answer=_ANSWER,
        errors=("limit_reached",),
    ),
    ("get", "reports/{id}/"): Text(
        summary="Read a report",
        description=(
            "The report's state: `pending`, `processing`, `done`, `failed` or `cancelled`. "
            "`waiting_for_worker` is true while it is pending and no worker runs."
        ),
        answer=_DONE,
    ),
    ("delete", "reports/{id}/"): Text(
        summary="Delete a report",
        description="Delete a report with its file, also while it is being made.",
    ),
    ("post", "reports/{id}/cancel/"): Text(
        summary="Cancel a report",
        description="End an open report. Safe to repeat; `conflict` if it has already ended.",
        answer=_ANSWER | {"status": "cancelled"},
        errors=("conflict",),
    ),
    ("get", "reports/{id}/download/"): Text(
        summary="Download a report",
        description=(
            "The file, for its owner only, for seven days. An owner who may no longer see its "
            "content, such as a former manager of the club, gets `forbidden`."
        ),
        errors=("forbidden",),
    ),
}
