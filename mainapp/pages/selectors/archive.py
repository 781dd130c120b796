"""A person's archive: one ZIP with each table as JSON and as CSV, and a page that explains it."""

import csv
import io
import json
import tempfile
from datetime import datetime
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.serializers.json import DjangoJSONEncoder

from mainapp.accounts.models import User
from mainapp.accounts.personal_data import Table
from mainapp.accounts.pictures import folders
from mainapp.pages.selectors.tables import archive_tables

IN_MEMORY = 1024 * 1024
# With one of these first, a spreadsheet takes a cell for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
README = """\
PREGÃO: OS SEUS DADOS

Tudo o que é de {name} neste servidor em {day}. Cada tabela vem duas vezes: em JSON (uma lista de
objetos) e em CSV (UTF-8, separado por vírgulas, para planilhas). Os horários são UTC; preços
e quantidades são decimais com ponto. No CSV, um texto que começa com = + - @ ou tabulação ganha um
apóstrofo na frente, para que nenhuma planilha o tome por fórmula; o JSON tem o texto como ele é.
Não estão aqui a senha, que o servidor guarda cifrada e sem volta, e o que os outros escreveram.

PREGÃO: YOUR DATA

All that belongs to {name} on this server on {day}. Each table comes twice: as JSON (a list of
objects) and as CSV (UTF-8, separated by commas, for spreadsheets). Times are UTC; prices and
quantities are decimals with a point. In the CSV a text that begins with = + - @ or a tab has an
apostrophe put before it, so that no spreadsheet takes it for a formula; the JSON has it as it is.
Not in here: the password, which is kept hashed and cannot be read, and what others wrote.

ARQUIVOS / FILES

{files}
"""
ABOUT = {
    "account": ("a conta", "the account"),
    "emails": ("os endereços de e-mail", "e-mail addresses"),
    "preferences": ("idioma, aparência, período", "language, theme, period"),
    "watchlists": ("as listas de ativos", "watch lists"),
    "watchlist_items": ("os ativos de cada lista", "the stocks of each list"),
    "rooms": ("as salas que você mantém", "rooms you host"),
    "messages": ("as mensagens que você escreveu", "messages you wrote"),
    "participations": ("as salas de que você participa", "rooms you take part in"),
    "reports": ("as denúncias que você fez", "reports you made"),
    "moderation_done": ("o que você moderou", "what you moderated"),
    "moderation_suffered": ("o que foi moderado de você", "what was moderated of yours"),
    "carteira": ("a carteira", "the portfolio"),
    "notifications": ("as notificações", "notifications"),
    "notification_marks": ("o que você leu ou apagou", "what you read or deleted"),
    "channels": ("para onde vão as notificações", "where notifications go"),
    "deliveries": ("o que foi enviado a você", "what was sent to you"),
    "delivery_attempts": ("as tentativas de cada envio", "the tries of what was sent"),
    "broadcasts": ("os avisos que você deu a todos", "notices you gave to all"),
    "alerts": ("os alertas", "alerts"),
    "alert_firings": ("os disparos dos alertas", "firings of alerts"),
}


def write_archive(user: User, into: IO[bytes], *, at: datetime) -> None:
    """Write the archive of a person as it is `at` this moment.

    Memory stays small whatever the rows: what does not fit waits in a file. One query a table.
    """
    found = archive_tables()
    picture = folders.thumbnail(user.avatar_key, 600)
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _readme(user, found, at=at, has_picture=bool(picture)))
        if picture:
            archive.writestr("picture.webp", picture)
        for table in found:
            _write_table(archive, table, user)


def neutralised(value: Any) -> Any:
    """Return a cell that a spreadsheet shows as it is, whatever a person wrote into it."""
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
        return f"'{value}"
    return value


def _write_table(archive: ZipFile, table: Table, user: User) -> None:
    """Write both forms in one pass over the rows: JSON at once, CSV by way of a file."""
    encoder = DjangoJSONEncoder(ensure_ascii=False)
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as cells:
        text = io.TextIOWrapper(cells, "utf-8", newline="")
        writer = csv.writer(text)
        writer.writerow(table.columns)
        with _entry(archive, f"{table.name}.json") as out:
            out.write(b"[")
            for number, row in enumerate(table.rows(user)):
                fields = encoder.encode(dict(zip(table.columns, row, strict=True)))
                out.write(f"{',' if number else ''}\n{fields}".encode())
                writer.writerow([neutralised(_cell(value)) for value in row])
            out.write(b"\n]\n")
        text.flush()
        text.detach()
        cells.seek(0)
        with archive.open(f"{table.name}.csv", "w") as out:
            while piece := cells.read(IN_MEMORY):
                out.write(piece)


def _entry(archive: ZipFile, name: str) -> io.BufferedWriter:
    """Open a file of the archive that packs many rows at a time."""
    return io.BufferedWriter(archive.open(name, "w"), IN_MEMORY)


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, bool) else value


def _readme(user: User, found: list[Table], *, at: datetime, has_picture: bool) -> str:
    lines = ["README.txt"]
    if has_picture:
        lines.append("picture.webp: a foto do perfil / the profile picture")
    for table in found:
        about = " / ".join(ABOUT.get(table.name, (table.name,)))
        lines.append(f"{table.name}.json, {table.name}.csv: {about}")
    return README.format(name=user.username, day=f"{at:%Y-%m-%d}", files="\n".join(lines))
