"""Demonstration talk: three weeks in direct rooms and groups, with pictures and a file."""

import io
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont

from mainapp.accounts.models import User
from mainapp.core.models import Usage
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.services.chats import open_chat
from mainapp.forum.services.marks import mark_room_read, react
from mainapp.forum.services.messages import post_message
from mainapp.uploads.services.uploads import make_thumbnails, store_upload

WEEKS, TALKS = 3, 5
SIZE = (1200, 750)
INK, PAPER, GREEN, RED = "#1c2733", "#ffffff", "#0b7a53", "#b3341f"
COLOURS = (GREEN, "#2c6fb7", "#d08a1e", "#7a4fb0", RED)

# (author, text), (author, text, {"reply": number, "picture": name, "react": emoji}).
Line = Sequence[Any]
CHATS: tuple[dict[str, Any], ...] = (
    {
        "host": "ana",
        "others": ("beto",),
        "unread": 2,
        "talk": (
            ("beto", "Oi, Ana! Vi que você também acompanha $PETR4."),
            ("ana", "Oi, Beto. Desde 2021, pelos dividendos."),
            ("beto", "Olha o diário: rompeu a média de 20.", {"picture": "chart"}),
            ("ana", "Bonito, mas eu não opero gráfico 😄", {"reply": 3, "react": "😂"}),
            ("ana", "Eu olho isto aqui:", {"picture": "table"}),
            ("beto", "Justo. Qual é o seu preço médio?"),
            ("ana", "R$ 31,20. Aumentei em março, antes do último pagamento."),
            ("beto", "Deixei um alerta em R$ 1,00 abaixo. Se cair, compro.", {"react": "👍"}),
            ("ana", "Também tenho um para $VALE3, queda de 2 % no dia."),
            ("beto", "Minério caiu de novo hoje cedo."),
            ("ana", "Vi. Por enquanto não mexo."),
            ("beto", "Viu o resultado do $ITUB4?"),
            (
                "ana",
                "Li o relatório no domingo. Sem surpresa, e isso é bom.",
                {"react": "📈"},
            ),
            ("beto", "Fiz a minha divisão por setor, o que acha?", {"picture": "pie"}),
            ("ana", "Muito banco para o meu gosto.", {"reply": 14}),
            ("beto", "Pois é. O próximo aporte vai para energia."),
            ("beto", "Você vai ao encontro do grupo na quinta?"),
        ),
    },
    {
        "host": "clara",
        "others": ("ana",),
        "unread": 1,
        "talk": (
            ("clara", "Ana, consegui ver o que você relatou: era o atraso da fonte."),
            ("ana", "Ah, então estava certo. Obrigada!", {"react": "❤️"}),
            ("clara", "A página *Fontes* mostra o atraso de cada uma."),
            ("ana", "Não conhecia. Vou olhar."),
            ("clara", "Qualquer coisa, é só escrever por aqui."),
        ),
    },
    {
        "host": "ana",
        "others": ("beto", "clara"),
        "name": "Clube dos dividendos",
        "unread": 3,
        "talk": (
            ("ana", "Criei o grupo para a gente dividir o que lê. Sem recomendação, só estudo."),
            ("beto", "Boa! Começo: o calendário deste trimestre.", {"file": "calendario"}),
            ("clara", "Que organizado 👏", {"react": "🎉"}),
            ("ana", "Somando tudo, o que cada um recebeu em 2026?"),
            ("beto", "Menos do que eu queria: vendi $BBAS3 cedo."),
            ("clara", "Eu reinvisto sempre. Devagar e sempre."),
            ("ana", "Os meus, por papel:", {"picture": "table"}),
            ("beto", "$WEGE3 paga pouco, mas olha o gráfico.", {"picture": "chart"}),
            ("clara", "Crescimento também conta.", {"reply": 9}),
            ("ana", "Encontro na quinta, 19 h, por vídeo?", {"react": "👍"}),
            ("clara", "Por mim, ótimo."),
            ("beto", "Confirmo, @ana."),
            ("clara", "Levo a lista de perguntas."),
        ),
    },
)
CALENDAR = "data;ativo;tipo;valor\n2026-11-20;PETR4;dividendo;0,53\n2026-12-01;ITUB4;JCP;0,02\n"


def write_talk(users: Mapping[str, User], *, with_pictures: bool = True) -> None:
    """Open the private rooms and fill them, as if they had been written over three weeks."""
    for chat in CHATS:
        host, others = users[chat["host"]], [users[name] for name in chat["others"]]
        room, _is_new = open_chat(
            user=host, user_ids=[other.pk for other in others], name=chat.get("name", "")
        )
        for line in chat["talk"]:
            _write(room, users, *line, with_pictures=with_pictures)
        spread(room, timezone.now())
        _mark_read(room, users.values(), ana=users["ana"], unread=chat["unread"])


def _write(
    room: Room,
    users: Mapping[str, User],
    author: str,
    text: str,
    more: Mapping[str, Any] | None = None,
    *,
    with_pictures: bool,
) -> None:
    more, user = more or {}, users[author]
    Usage.objects.filter(user=user).delete()  # the limits are those of people who type
    content, kind = None, None
    if (name := more.get("picture")) and with_pictures:
        upload = _upload(user, f"{name}.png", draw(name))
        content, kind = {"upload": upload, "caption": text}, "image"
    elif name := more.get("file"):
        post_message(room_pk=room.pk, author=user, body=text)
        content, kind = {"upload": _upload(user, f"{name}.csv", CALENDAR.encode())}, "file"
    message = post_message(
        room_pk=room.pk,
        author=user,
        body=None if content else text,
        kind=kind,
        content=content,
        reply_to=more.get("reply"),
    )
    if emoji := more.get("react"):
        other = next(person for person in _members(room) if person.pk != user.pk)
        react(room_pk=room.pk, user=other, seq=message.seq, emoji=emoji, is_on=True)


def _upload(owner: User, name: str, data: bytes) -> int:
    upload = store_upload(owner=owner, name=name, data=data, at=timezone.now())
    make_thumbnails(pk=upload.pk)
    return upload.pk


def _members(room: Room) -> list[User]:
    members = Participant.objects.filter(room=room, left_at=None).select_related("user")
    return [member.user for member in members.order_by("pk")]


def spread(room: Room, now: datetime) -> None:
    """Spread the messages over the last WEEKS: TALKS talks in the afternoon, the last one now."""
    messages = list(Message.objects.filter(room=room).order_by("seq"))
    talks = [place * TALKS // len(messages) for place in range(len(messages))]
    for place, (message, talk) in enumerate(zip(messages, talks, strict=True)):
        later = talks.count(talk) - talks[: place + 1].count(talk)
        message.sent_at = _end_of(talk, now) - timedelta(minutes=9 * later)
    Message.objects.bulk_update(messages, ["sent_at"])
    begun_at, active_at = messages[0].sent_at, messages[-1].sent_at
    Room.objects.filter(pk=room.pk).update(created_at=begun_at, active_at=active_at)
    Participant.objects.filter(room=room).update(joined_at=begun_at)


def _end_of(talk: int, now: datetime) -> datetime:
    if talk == TALKS - 1:
        return now - timedelta(minutes=4)
    day = timezone.localtime(now - timedelta(weeks=WEEKS) * (TALKS - 1 - talk) / (TALKS - 1))
    return day.replace(hour=14 + talk, minute=37)


def _mark_read(room: Room, people: Any, *, ana: User, unread: int) -> None:
    """Mark all messages as read by everybody, except the newest `unread` ones for ana."""
    room.refresh_from_db()
    own = Participant.objects.filter(room=room)
    own.update(read_seq=0, notified_seq=room.last_seq)
    Usage.objects.filter(user__in=[person.pk for person in people]).delete()
    for person in _members(room):
        seq = room.last_seq - unread if person == ana else room.last_seq
        mark_room_read(room_pk=room.pk, user=person, seq=max(seq, 0))


# Pictures ----------------------------------------------------------------------------------------


def draw(name: str) -> bytes:
    """Return a picture as people share it: a chart, shares of a carteira, or a table."""
    picture = Image.new("RGB", SIZE, PAPER)
    {"chart": _draw_chart, "pie": _draw_pie, "table": _draw_table}[name](ImageDraw.Draw(picture))
    return _encoded(picture)


def draw_tree() -> bytes:
    """Return the picture of a club: an ipê in flower."""
    chance = random.Random(3)  # noqa: S311 - a drawing, not a secret
    picture = Image.new("RGB", (600, 600), "#12324a")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((280, 300, 320, 560), fill="#5b3a1e")
    for _flower in range(160):
        x, y, radius = chance.gauss(300, 80), chance.gauss(240, 60), chance.randint(14, 32)
        colour = chance.choice(("#f2c230", "#f7d65a", "#e0a81c"))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return _encoded(picture)


def _encoded(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


# Pillow's own typeface has no letters with accents.
def _text(canvas: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int = 30) -> None:
    canvas.text(at, text, fill=INK, font=ImageFont.load_default(size))


def _draw_chart(canvas: ImageDraw.ImageDraw) -> None:
    rng, value, bars = random.Random(7), 30.0, []  # noqa: S311 - a drawing
    for _day in range(90):
        opened = value
        value += rng.gauss(0.05, 0.45)
        bars.append((opened, value))
    low, high = min(map(min, bars)) - 0.5, max(map(max, bars)) + 0.5

    def y(price: float) -> float:
        return 680 - (price - low) / (high - low) * 560

    _text(canvas, (40, 30), "PETR4, 90 dias", 36)
    for step in range(5):
        price = low + (high - low) * step / 4
        canvas.line([(40, y(price)), (1090, y(price))], fill="#dde3e8", width=2)
        _text(canvas, (1105, y(price) - 14), f"{price:.2f}".replace(".", ","), 24)
    for number, (opened, closed) in enumerate(bars):
        x, top, bottom = 50 + number * 11.5, y(max(opened, closed)), y(min(opened, closed))
        colour = GREEN if closed >= opened else RED
        canvas.line([(x + 4, top - 9), (x + 4, bottom + 9)], fill=colour, width=2)
        canvas.rectangle([x, top, x + 8, max(bottom, top + 2)], fill=colour)
    means = [sum(c for _o, c in bars[max(0, n - 19) : n + 1]) / min(n + 1, 20) for n in range(90)]
    canvas.line([(54 + n * 11.5, y(m)) for n, m in enumerate(means)], fill=COLOURS[2], width=4)


def _draw_pie(canvas: ImageDraw.ImageDraw) -> None:
    shares = {"Bancos": 41, "Varejo": 22, "Seguros": 16, "Agro": 13, "Energia": 8}
    _text(canvas, (40, 30), "Carteira por setor", 36)
    angle = -90.0
    for number, (sector, share) in enumerate(shares.items()):
        end = angle + 3.6 * share
        canvas.pieslice(
            [70, 130, 630, 690], angle, end, fill=COLOURS[number], outline=PAPER, width=4
        )
        top = 200 + number * 90
        canvas.rectangle([720, top, 760, top + 40], fill=COLOURS[number])
        _text(canvas, (785, top), f"{sector}  {share} %", 34)
        angle = end


def _draw_table(canvas: ImageDraw.ImageDraw) -> None:
    rows = [
        ("Ativo", "Por unidade", "Quantidade", "Recebido"),
        ("PETR4", "3,62", "300", "1.086,00"),
        ("ITUB4", "1,41", "250", "352,50"),
        ("BBAS3", "1,87", "137", "256,19"),
        ("VALE3", "2,09", "100", "209,00"),
        ("WEGE3", "0,48", "80", "38,40"),
        ("Total", "", "", "1.942,09"),
    ]
    _text(canvas, (40, 30), "Proventos de 2026, em R$", 36)
    for number, row in enumerate(rows):
        top = 120 + number * 84
        if number in (0, len(rows) - 1):
            canvas.rectangle([40, top, 1160, top + 76], fill="#eef2f5")
        for column, cell in enumerate(row):
            _text(canvas, (70 + column * 280, top + 20), cell, 34)
        canvas.line([(40, top + 80), (1160, top + 80)], fill="#dde3e8", width=2)
