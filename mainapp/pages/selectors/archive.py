"""A user's data archive: a ZIP with each table as JSON and as CSV, a README, and the picture."""

import io
import json
import tempfile
from datetime import datetime
from decimal import Decimal
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.serializers.json import DjangoJSONEncoder

from mainapp.accounts.models import User
from mainapp.accounts.personal_data import Table
from mainapp.accounts.services.avatars import AVATARS
from mainapp.core.spreadsheets import csv_writer, escape_formula
from mainapp.pages.selectors.tables import archive_tables

IN_MEMORY = 1024 * 1024
README = """\
PREGÃO: OS SEUS DADOS

Tudo o que é de {name} neste servidor em {day}. Cada tabela vem duas vezes: em JSON (uma lista de
objetos) e em CSV (UTF-8, separado por ponto e vírgula, para planilhas). Os horários são UTC; preços
e quantidades são decimais, com ponto no JSON e com vírgula no CSV. No CSV, um texto que começa com
= + - @ ou tabulação ganha um apóstrofo na frente, para que nenhuma planilha o interprete como
fórmula; o JSON traz o texto original.
Não estão aqui a senha, que o servidor guarda cifrada e sem volta, e o que os outros escreveram.

PREGÃO: YOUR DATA

All data of {name} on this server on {day}. Each table is included twice: as JSON (a list of
objects) and as CSV (UTF-8, separated by semicolons, for spreadsheets). Times are UTC; prices and
quantities are decimals, with a point in the JSON and a comma in the CSV. In the CSV, a text that
begins with = + - @ or a tab is preceded by an apostrophe, so that spreadsheets do not evaluate it;
the JSON has the original text.
Not included: the password, which is stored hashed and cannot be read, and other people's texts.

ARQUIVOS / FILES

{files}
"""
ABOUT = {
    "account": ("a conta", "the account"),
    "emails": ("os endereços de e-mail", "e-mail addresses"),
    "preferences": ("idioma, aparência, período", "language, theme, period"),
    "blocks": ("as pessoas que você bloqueia", "the people you block"),
    "second_factors": (
        "os segundos fatores da conta, sem os segredos",
        "second factors of the account, without their secrets",
    ),
    "sessions": ("onde a conta está aberta", "where the account is logged in"),
    "watchlists": ("as listas de ativos", "watch lists"),
    "watchlist_items": ("os ativos de cada lista", "the stocks of each list"),
    "rooms": ("as salas que você mantém", "rooms you host"),
    "messages": ("as mensagens que você escreveu", "messages you wrote"),
    "reactions": ("as suas reações a mensagens", "your reactions to messages"),
    "participations": ("as salas de que você participa", "rooms you participate in"),
    "complaints": ("as denúncias que você fez", "complaints you made"),
    "moderation_done": ("o que você moderou", "what you moderated"),
    "moderation_suffered": (
        "o que foi moderado de você",
        "moderation of your messages and participation",
    ),
    "carteira": ("a carteira", "the portfolio"),
    "uploads": ("as imagens e os arquivos que você enviou", "pictures and files that you sent"),
    "notifications": ("as notificações", "notifications"),
    "notification_marks": ("o que você leu ou apagou", "what you read or deleted"),
    "channels": ("para onde vão as notificações", "destinations of your notifications"),
    "deliveries": ("o que foi enviado a você", "what was sent to you"),
    "delivery_attempts": ("as tentativas de cada envio", "attempts at each delivery"),
    "broadcasts": ("os avisos que você deu a todos", "announcements you sent to all users"),
    "audit_details": (
        "nomes, endereços e avisos seus que mudaram, que a auditoria guarda",
        "your names, addresses and announcements that have changed, as the audit has them",
    ),
    "alerts": ("os alertas", "alerts"),
    "alert_firings": ("os disparos dos alertas", "firings of alerts"),
    "clubs": ("os seus clubes", "your clubs"),
    "club_invitations": ("os convites que você fez", "invitations that you made"),
    "api_keys": ("as chaves de API, sem os segredos", "API keys, without their secrets"),
}


def write_archive(user: User, into: IO[bytes], *, at: datetime) -> None:
    """Write the archive of a user, dated `at`.

    Rows are streamed: memory stays small, however many there are. One query for each table.
    """
    tables = archive_tables()
    picture = AVATARS.folders.thumbnail(user.avatar_key, 600)
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _readme(user, tables, at=at, has_picture=bool(picture)))
        if picture:
            archive.writestr("picture.webp", picture)
        for table in tables:
            _write_table(archive, table, user)


def _write_table(archive: ZipFile, table: Table, user: User) -> None:
    """Write both forms in one pass over the rows.

    A ZIP has one open entry at a time, so the CSV is written to a temporary file first.
    """
    encoder = DjangoJSONEncoder(ensure_ascii=False)
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as cells:
        text = io.TextIOWrapper(cells, "utf-8", newline="")
        writer = csv_writer(text)
        writer.writerow(table.columns)
        with _entry(archive, f"{table.name}.json") as out:
            out.write(b"[")
            for number, row in enumerate(table.rows(user)):
                fields = encoder.encode(dict(zip(table.columns, row, strict=True)))
                out.write(f"{',' if number else ''}\n{fields}".encode())
                writer.writerow([_cell(value) for value in row])
            out.write(b"\n]\n")
        text.flush()
        text.detach()
        cells.seek(0)
        with archive.open(f"{table.name}.csv", "w") as out:
            while piece := cells.read(IN_MEMORY):
                out.write(piece)


def _entry(archive: ZipFile, name: str) -> io.BufferedWriter:
    """Open an entry of the archive, buffered to compress many rows at a time."""
    return io.BufferedWriter(archive.open(name, "w"), IN_MEMORY)


def _cell(value: Any) -> Any:
    """Return a value as a Brazilian spreadsheet reads it: decimals with a comma."""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool | dict):
        return json.dumps(value, ensure_ascii=False)
    return escape_formula(value)


def _readme(user: User, tables: list[Table], *, at: datetime, has_picture: bool) -> str:
    lines = ["README.txt"]
    if has_picture:
        lines.append("picture.webp: a foto do perfil / the profile picture")
    for table in tables:
        about = " / ".join(ABOUT.get(table.name, (table.name,)))
        lines.append(f"{table.name}.json, {table.name}.csv: {about}")
    return README.format(name=user.username, day=f"{at:%Y-%m-%d}", files="\n".join(lines))
