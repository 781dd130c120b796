"""Big tables on PostgreSQL, filled with rows of every kind by the server, for query plans.

Pages are requested by user PERSON. Row PERSON of each table belongs to this user or to room PERSON,
so that one id fits the arguments of every URL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

PERSON = 500
STOCKS = 400
MINUTES_A_DAY = 420
# A smaller table would be read as a whole even where an index serves.
MIN_ROWS = 10_000
# At scale 0: more than a statement may read, see `tests/query_plans.py`.
SAMPLE_ROWS = 4_000
KIND = "simulated"

# Columns that need a value, by type.
BLANK = {
    "boolean": "false",
    "jsonb": "'{}'",
    "uuid": "NULL",
    "timestamp with time zone": "now() - interval '1 minute' * (i % 43200) - interval '1 hour'",
    "date": "current_date + 30",
}
TEXT_TYPES = ("character varying", "text")


@dataclass(frozen=True)
class Table:
    """A table with its rows at full size; `columns` are SQL expressions of the row number i."""

    name: str
    rows: int
    columns: Mapping[str, str] = field(default_factory=dict)
    where: str = "true"
    is_scaled: bool = True

    def size(self, scale: float) -> int:
        least = MIN_ROWS if scale else SAMPLE_ROWS
        return max(round(self.rows * scale), least) if self.is_scaled else self.rows


def _of(rows: str) -> str:
    """Return an id from 1 to `rows`, that of row PERSON being PERSON."""
    return f"1 + (i - 1) % {rows}"


USER, STOCK, ROOM = _of("{accounts_user}"), _of(str(STOCKS)), _of("{forum_room}")
CLUB, IDEA, EVENT = _of("{clubs_club}"), _of("{ideas_idea}"), _of("{agenda_event}")
# A stride that spreads the second column of a unique pair.
SPREAD = "1 + (i * 7919 + i / {accounts_user}) % {accounts_user}"
LETTERS = "".join(f"|| chr(65 + (i / {26**n} % 26)::int)" for n in range(4))
TEXT = "'mensagem ' || i || ' sobre o resultado do trimestre'"
AGO = "now() - interval '1 minute' * ({n} - i)"
# Two rooms have a quarter of the messages each; the others share the rest.
BUSY = f"CASE WHEN i % 4 = 0 THEN {PERSON} WHEN i % 4 = 2 THEN {PERSON + 2} ELSE {ROOM} END"
SEQ = "CASE WHEN i % 2 = 0 THEN 1 + i / 4 ELSE 1 + {n} + i / {forum_room} END"
MINE = f"CASE WHEN i % 199 = 0 THEN {PERSON} ELSE {USER} END"

TABLES = (
    Table(
        "accounts_user",
        1_000_000,
        {
            "username": "'pessoa' || i",
            "email": "'pessoa' || i || '@example.org'",
            "display_name": "'Pessoa ' || i",
            "is_active": "true",
            "access_level": "'user'",
        },
    ),
    Table("accounts_preferences", 1_000_000, {"user_id": "i", "monitoring_minutes": "60"}),
    Table("accounts_nameskeleton", 1_000_000, {"user_id": "i", "skeleton": "'pessoa' || i"}),
    Table(
        "account_emailaddress",
        1_000_000,
        {
            "user_id": "i",
            "email": "'pessoa' || i || '@example.org'",
            "verified": "true",
            '"primary"': "true",
        },
    ),
    Table(
        "accounts_block",
        100_000,
        {"blocker_id": USER, "blocked_id": f"1 + (i * 7) % {PERSON}"},
        f"{USER} <> 1 + (i * 7) % {PERSON}",
    ),
    Table(
        "django_session",
        1_000_000,
        {"session_key": "'s' || i", "expire_date": "now() + interval '1 minute' * i"},
    ),
    Table("core_usage", 1_000_000, {"user_id": "i", '"limit"': "'messages'", "count": "1"}),
    Table("core_tag", 10_000, {"key": "'t' || i", "name": "'T' || i"}),
    Table(
        "market_stock",
        STOCKS,
        {
            "symbol": f"CASE i WHEN 1 THEN 'IBOV' WHEN 2 THEN 'PETR4' ELSE '' {LETTERS} || '3' END",
            "name": "'Companhia ' || i",
            "kind": "CASE i WHEN 1 THEN 'INDEX' ELSE 'ON' END",
            "market": "'B3'",
            "currency": "'BRL'",
            "price_places": "2",
            "country": "'BR'",
            "lot": "100",
            "rank": "i",
            "is_active": "true",
            "corrected_fields": "'[]'",
        },
        is_scaled=False,
    ),
    Table(
        "market_lastquote",
        STOCKS,
        {
            "stock_id": "i",
            "price": "10 + i % 50",
            "previous_close": "10",
            "volume": "1000",
            "currency": "'BRL'",
            "source": "'simulated'",
            "kind": f"'{KIND}'",
            "simulated": "true",
            "quoted_at": "now()",
        },
        is_scaled=False,
    ),
    Table(
        "market_candle",
        STOCKS * 252 * MINUTES_A_DAY,
        {
            "stock_id": STOCK,
            '"interval"': "'1m'",
            "starts_at": f"date_trunc('minute', now()) - interval '1 minute' * (i / {STOCKS})",
            "open": "10",
            "high": "11",
            "low": "9",
            "close": "10",
            "volume": "100",
            "source": "'simulated'",
            "kind": f"'{KIND}'",
            "simulated": "true",
        },
    ),
    Table(
        "market_exchangeday",
        STOCKS * 2520,
        {
            "stock_id": STOCK,
            "day": f"current_date - (i / {STOCKS})::int",
            "open": "10",
            "high": "11",
            "low": "9",
            "close": "10",
        },
    ),
    Table(
        "market_watchlist",
        1_000_000,
        {"owner_id": "i", "name": "'Lista'", "share_key": "'k' || i", "is_current": "true"},
    ),
    Table(
        "market_watchlistitem",
        5_000_000,
        {"watchlist_id": USER, "stock_id": "1 + (i + i / {accounts_user} * 97) % 400"},
    ),
    Table(
        "clubs_club",
        10_000,
        {"name": "'Clube ' || i", "slug": "'c' || i"},
    ),
    Table(
        "clubs_clubmember",
        500_000,
        {
            "club_id": CLUB,
            "user_id": f"CASE WHEN i <= {{clubs_club}} THEN {USER} ELSE {SPREAD} END",
            "role": "CASE WHEN i <= {clubs_club} THEN 'owner' ELSE 'member' END",
            "is_chosen": "false",
        },
    ),
    Table(
        "clubs_invitation",
        10_000,
        {
            "club_id": CLUB,
            "key": "'k' || i",
            "created_by_id": USER,
            "expires_at": "now() + interval '1 day'",
            "max_uses": "10",
        },
    ),
    Table("clubs_removedmember", 10_000, {"club_id": CLUB, "user_id": SPREAD}),
    Table(
        "forum_room",
        100_000,
        {
            "kind": "(ARRAY['forum', 'direct', 'group', 'club'])[1 + i % 4]",
            "pair_key": "CASE WHEN i % 4 = 1 THEN i || ':' || i + 1 END",
            "club_id": f"CASE WHEN i % 4 = 3 THEN {CLUB} END",
            "stock_id": f"CASE WHEN i % 4 = 0 THEN {STOCK} END",
            "name": "'Sala ' || i",
            "topic": "'t' || i % 50",
            "search_text": "'sala ' || i",
            "host_id": f"CASE WHEN i % 4 = 1 THEN NULL ELSE {USER} END",
            "last_seq": f"CASE WHEN i IN ({PERSON}, {PERSON + 2}) THEN {{forum_message}} / 4 "
            "ELSE {forum_message} + {forum_message} / {forum_room} END",
            "revision": f"CASE WHEN i IN ({PERSON}, {PERSON + 2}) THEN {{forum_message}} / 4 "
            "ELSE {forum_message} END",
            "active_at": "now() - interval '30 minutes' * ({n} - i)",
        },
    ),
    Table(
        "forum_participant",
        2_000_000,
        {
            "room_id": ROOM,
            "user_id": f"CASE WHEN i <= 30000 AND ({ROOM}) BETWEEN {PERSON} AND {PERSON + 40} "
            f"AND i <= {{forum_room}} THEN {PERSON} ELSE {SPREAD} END",
            "read_seq": "{forum_message} / 4 - 3",
            "notified_seq": "2 * {forum_message}",
        },
    ),
    Table(
        "forum_message",
        10_000_000,
        {
            "room_id": BUSY,
            "seq": SEQ,
            "revision": SEQ,
            "author_id": USER,
            "kind": "CASE WHEN i % 500 = 0 THEN 'image' ELSE 'text' END",
            "content": "(CASE WHEN i % 500 = 0 THEN '{{\"upload\": 1}}' ELSE '{{}}' END)::jsonb",
            "body": TEXT,
            "body_html": f"'<p>' || {TEXT} || '</p>'",
            "sent_at": AGO,
        },
    ),
    Table(
        "forum_reaction",
        1_000_000,
        {"message_id": _of("{forum_message}"), "user_id": SPREAD, "emoji": "'x' || i % 8"},
    ),
    Table(
        "notifications_channel",
        1_000_000,
        {
            "user_id": "i",
            "kind": "'email'",
            "address": "'pessoa' || i || '@example.org'",
            "is_active": "true",
            "verified_at": "now()",
            "name": "''",
            "shows_amounts": "true",
        },
    ),
    Table(
        "notifications_notification",
        10_000_000,
        {
            "user_id": MINE,
            "kind": "'alert'",
            "title": "'Alerta ' || i",
            "dedupe_key": "'d' || i",
            "created_at": AGO,
        },
    ),
    Table(
        "notifications_mark",
        5_000_000,
        {"notification_id": "i", "user_id": MINE, "kind": "'read'", "at": AGO},
    ),
    Table(
        "notifications_delivery",
        10_000_000,
        {
            "user_id": USER,
            "channel_id": USER,
            "notification_id": _of("{notifications_notification}"),
            "kind": "'email'",
            "address": "'a@example.org'",
            "state": "CASE WHEN i > {n} - 50 THEN 'waiting' ELSE 'sent' END",
            "message_id": "'m' || i",
            "created_at": AGO,
        },
    ),
    Table(
        "notifications_attempt",
        10_000_000,
        {"delivery_id": _of("{notifications_delivery}"), "outcome": "'sent'", "at": AGO},
    ),
    Table(
        "alerts_alert",
        1_000_000,
        {
            "owner_id": MINE,
            "ativo_id": STOCK,
            "compra": "1",
            "duracao": "30",
            "recurrence": "'once'",
            "status": "(ARRAY['active', 'triggered', 'paused'])[1 + i % 3]",
            "quote_kind": f"'{KIND}'",
            "simulated": "true",
            "expires_at": "now() + interval '1 minute' * i",
        },
    ),
    Table(
        "alerts_condition",
        1_000_000,
        {
            "alert_id": "i",
            "stock_id": STOCK,
            "kind": "'compra'",
            "phase": "'armed'",
            "level": "100000000 + i",
            "is_live": "i % 3 = 0",
            "quote_kind": f"'{KIND}'",
            "simulated": "true",
            "expires_at": "now() + interval '1 minute' * i",
        },
    ),
    Table(
        "alerts_firing",
        2_000_000,
        {
            "alert_id": _of("{alerts_alert}"),
            "kind": "'compra'",
            "crossing": "i / {alerts_alert}",
            '"limit"': "1",
            "price": "1",
            "source": "'simulated'",
            "quote_kind": f"'{KIND}'",
            "simulated": "true",
            "notification_id": _of("{notifications_notification}"),
            "fired_at": AGO,
        },
    ),
    Table("alerts_sharedalert", 10_000, {"alert_id": "i", "club_id": CLUB}),
    Table(
        "alerts_alertsubscription", 100_000, {"shared_id": "1 + (i - 1) % 10000", "user_id": USER}
    ),
    Table(
        "portfolio_carteira",
        5_000_000,
        {
            "owner_id": USER,
            "ativo_id": "1 + (i + i / {accounts_user} * 97) % 400",
            "preco_medio": "1000000000",
            "quantidade": "100000000000",
            "nota": "5",
        },
    ),
    Table(
        "uploads_upload",
        1_000_000,
        {
            "owner_id": USER,
            "audience": "'message:' || i",
            "kind": "'image'",
            "state": "'ready'",
            "key": "'u' || i",
            "name": "'a.png'",
            "content_type": "'image/webp'",
        },
    ),
    Table(
        "ideas_idea",
        100_000,
        {
            "author_id": MINE,
            "stock_id": STOCK,
            "club_id": f"CASE WHEN i % 3 = 0 THEN {CLUB} END",
            "side": "'neutral'",
            "search_text": TEXT,
            "status": "'expired'",
            "price_at": "10",
            "return_pct": "i % 40",
            "quote_kind": f"'{KIND}'",
            "simulated": "true",
            "priced_at": AGO,
            "created_at": AGO,
            "closed_at": AGO,
            "expires_at": "now() - interval '1 day'",
        },
    ),
    Table("ideas_idea_tags", 200_000, {"idea_id": IDEA, "tag_id": "1 + i % 10000"}),
    Table("ideas_ideacomment", 500_000, {"idea_id": IDEA, "author_id": USER, "body": TEXT}),
    Table("ideas_ideaedit", 100_000, {"idea_id": IDEA}),
    Table(
        "ideas_savedfilter",
        100_000,
        {"owner_id": USER, "name": "'f' || i", "query": "'q=a'"},
    ),
    Table(
        "agenda_event",
        100_000,
        {
            "host_id": USER,
            "club_id": f"CASE WHEN i % 3 = 0 THEN {CLUB} END",
            "kind": "'course'",
            "title": "'Curso ' || i",
            "search_text": "'curso ' || i",
            "time_zone": "'America/Sao_Paulo'",
            "wall_start": "'2099-03-10T19:00'",
            "starts_at": "now() + interval '1 hour' * (i - {n} * 0.9)",
            "price": "0",
            "seats": "100",
            "state": "'active'",
            "uid": "'e' || i",
            "announced_at": "now()",
        },
    ),
    Table(
        "agenda_order",
        1_000_000,
        {
            "event_id": EVENT,
            "user_id": f"CASE WHEN i <= {{agenda_event}} THEN {USER} ELSE {SPREAD} END",
            "seats": "1",
            "state": "'confirmed'",
            "price": "0",
        },
    ),
    Table(
        "agenda_reminder",
        1_000_000,
        {"event_id": EVENT, "user_id": SPREAD, "lead_minutes": "60"},
    ),
    Table(
        "agenda_calendarlink", 100_000, {"user_id": "i", "key": "'k' || i"}, "i <= {accounts_user}"
    ),
    Table("agenda_event_tags", 100_000, {"event_id": EVENT, "tag_id": "1 + i % 10000"}),
    Table(
        "moderation_case",
        100_000,
        {
            "kind": "'message'",
            "subject_id": "i",
            "person_id": USER,
            "scope": f"'room:' || {ROOM}",
            "place": "'Sala'",
            "copies": "'[]'",
            "state": "CASE WHEN i % 100 = 0 THEN 'open' ELSE 'closed' END",
            "decision": "CASE WHEN i % 100 = 0 THEN '' ELSE 'dismissed' END",
        },
    ),
    Table(
        "moderation_complaint",
        200_000,
        {"case_id": _of("{moderation_case}"), "reporter_id": SPREAD, "category": "'spam'"},
    ),
    Table(
        "moderation_logentry",
        200_000,
        {
            "scope": f"'room:' || {ROOM}",
            "place": "'Sala'",
            "action": "'mute'",
            "actor_id": USER,
            "target_id": USER,
            "case_id": _of("{moderation_case}"),
        },
    ),
    Table(
        "core_auditentry",
        10_000_000,
        {
            "actor_id": USER,
            "way": "'page'",
            "action": "'changed'",
            "model": "(ARRAY['alerts.alert', 'accounts.preferences', 'forum.room'])[1 + i % 3]",
            "key": "i",
            "fields": "'[\"note\"]'",
            "seal_number": "1 + i / 100",
            "at": AGO,
        },
    ),
    Table("core_auditdetail", 5_000_000, {"entry_id": "i", "owner_id": USER, "field": "'note'"}),
    Table(
        "core_auditseal",
        100_000,
        {
            "number": "i",
            "hash": "'h' || i",
            "previous_hash": "'h' || i - 1",
            "entries": "'[]'",
            "sealed_at": AGO,
        },
    ),
    Table(
        "api_apikey",
        100_000,
        {"user_id": USER, "digest": "'d' || i", "name": "'k'", "scopes": "'[\"read\"]'"},
    ),
    Table(
        "api_keptanswer",
        100_000,
        {"scope": "'s' || i", "key": "'k'", "fingerprint": "'f'", "status": "200"},
    ),
    Table(
        "operations_report",
        100_000,
        {
            "owner_id": USER,
            "kind": "'messages'",
            "format": "'csv'",
            "state": "'done'",
            "key": "'r' || i",
            "file": "CASE WHEN i % 50 = 0 THEN 'r' || i || '.rows' ELSE '' END",
            "progress": "100",
            "expires_at": "now() + interval '1 minute' * i",
        },
    ),
    Table(
        "token_blacklist_outstandingtoken",
        1_000_000,
        {
            "user_id": USER,
            "jti": "'j' || i",
            "token": "'t' || i",
            "expires_at": "now() + interval '1 minute' * i",
        },
    ),
    Table("token_blacklist_blacklistedtoken", 100_000, {"token_id": "i"}),
)
# The next row that the project writes has an id after the last one.
CONTINUE = "SELECT setval(pg_get_serial_sequence('{0}', 'id'), (SELECT max(id) FROM {0}))"
# Tables whose rows are few whatever the number of users.
SMALL = {"market_stock", "market_lastquote", "core_tag"}
BIG = {table.name for table in TABLES} - SMALL


def sizes_of(scale: float) -> dict[str, int]:
    """Return the numbers of rows by table."""
    return {table.name: table.size(scale) for table in TABLES}


def grow(scale: float) -> dict[str, int]:
    """Fill every table of TABLES and gather statistics; return the numbers of rows by table.

    Foreign keys are not checked while the rows are written, which would take half of the time.
    """
    sizes, needed = sizes_of(scale), needed_columns()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in TABLES:
            fill_table(cursor, table, sizes, needed[table.name])
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")
    return sizes


def fill_table(
    cursor: Any, table: Table, sizes: Mapping[str, int], needed: Mapping[str, str]
) -> None:
    """Write the rows of a table, and let its ids continue after them."""
    cursor.execute(insertion(table, sizes, needed))
    if "id" in needed:
        cursor.execute(CONTINUE.format(table.name))


def insertion(table: Table, sizes: Mapping[str, int], needed: Mapping[str, str]) -> str:
    """Return the statement that fills a table; `needed` are its other columns, with their types."""
    columns = {
        f'"{name}"': BLANK.get(kind, "''" if kind in TEXT_TYPES else "0")
        for name, kind in needed.items()
    }
    given = {f'"{name.strip(chr(34))}"': value for name, value in table.columns.items()}
    if "id" in needed:
        given = {'"id"': "i"} | given
    columns |= given
    names, values = ", ".join(columns), ", ".join(columns.values())
    size = sizes[table.name]
    rows = f"{values} FROM generate_series(1::bigint, {{n}}) AS i WHERE {table.where}"
    return (
        (f"INSERT INTO {table.name} ({names}) SELECT {rows} ON CONFLICT DO NOTHING")
        .replace("'{}'", "'{{}}'")
        .format(n=size, **sizes)
    )


def needed_columns() -> dict[str, dict[str, str]]:
    """Return the columns of each table that need a value, with their types."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_default IS NULL "
            "AND (is_nullable = 'NO' OR column_name = 'id')"
        )
        rows: list[Any] = cursor.fetchall()
    return {
        table.name: {name: kind for owner, name, kind in rows if owner == table.name}
        for table in TABLES
    }
