"""Demonstration data for development: five users, their talk, alerts, carteiras, a club."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.alerts.services.alerts import create_alert
from mainapp.core.paths import absolute_url
from mainapp.forum.services.messages import post_message
from mainapp.forum.services.rooms import create_room
from mainapp.market.kinds import QUOTE_KINDS
from mainapp.market.models import Stock
from mainapp.market.services.corporate_events import read_due_reports
from mainapp.market.services.watchlists import create_list
from mainapp.pages.management.demo_club import found_demo_club
from mainapp.pages.management.demo_talk import WEEKS, spread, write_talk
from mainapp.portfolio.services import NewRow, import_rows

PASSWORD = "pregao-demo"  # noqa: S105 - public: the demonstration data exists only with DEBUG=1
PEOPLE = {
    "ana": ("Ana Prado", "Dividendos e paciência.", User.Access.USER),
    "beto": ("Beto Lima", "Opero gráfico diário. Às vezes acerto.", User.Access.USER),
    "clara": ("Clara Reis", "Ajudo por aqui: escreva se algo não funcionar.", User.Access.SUPPORT),
    "davi": ("Davi Souza", "Bancos e seguradoras, há dez anos.", User.Access.USER),
    "eva": ("Eva Matos", "Engenheira. Leio balanços no domingo.", User.Access.USER),
}
ROOMS = (
    {
        "host": "ana",
        "name": "Petrobras",
        "topic": "Petróleo",
        "stock": "PETR4",
        "description": "Resultados, dividendos e o preço do barril.",
        "talk": (
            ("ana", "Alguém acompanhando $PETR4 hoje?"),
            ("beto", "Sim. **Volume acima da média** desde a abertura, @ana."),
            (
                "ana",
                "Olho mais o dividendo. Comparei com $PRIO3:\n\n- menos caixa\n- mais crescimento",
            ),
            (
                "clara",
                "A cotação tem atraso conforme a fonte: a página *Fontes* diz quanto.",
            ),
            ("beto", "Meu alerta está em R$ 1,00 abaixo. Se cair até lá, compro mais."),
        ),
    },
    {
        "host": "beto",
        "name": "Bancos",
        "topic": "Financeiro",
        "stock": "ITUB4",
        "description": "Bancos grandes e médios, e o que os juros fazem com eles.",
        "talk": (
            ("beto", "$ITUB4, $BBDC4 e $BBAS3: qual vocês têm?"),
            ("clara", "Só $ITUB4, há anos."),
            (
                "ana",
                "$BBAS3 pelo preço sobre o valor patrimonial. Mas a nota dele na carteira é baixa.",
            ),
        ),
    },
    {
        "host": "clara",
        "name": "Dúvidas",
        "topic": "Ajuda",
        "stock": "",
        "description": "Como usar alertas, a carteira e as salas.",
        "talk": (
            ("clara", "Perguntem à vontade."),
            ("beto", "O que é a *nota* na carteira?"),
            (
                "clara",
                "Quanto você quer do ativo: a parte ideal é a nota dele sobre a soma das notas.",
            ),
        ),
    },
)
CARTEIRA = (
    ("PETR4", "31.20", "300", 8),
    ("VALE3", "62.45", "100", 7),
    ("ITUB4", "27.90", "250", 9),
    ("WEGE3", "38.10", "80", 6),
    ("BBAS3", "25.33", "137", 4),
)
WATCHED = ("PETR4", "VALE3", "ITUB4", "BBAS3", "WEGE3", "PRIO3")
ALERTS = (
    {"ativo": "PETR4", "change_up_pct": "1.50", "recurrence": "every", "cooldown_minutes": 60},
    {"ativo": "VALE3", "change_down_pct": "2.00", "note": "rever a posição"},
    {"ativo": "ITUB4", "compra": "20.00", "venda": "60.00", "duracao": 90},
)


class Command(BaseCommand):
    help = "Create five users with rooms, alerts, carteiras and a club. Only with DEBUG=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only-new-site",
            action="store_true",
            help="refuse a site that has other users",
        )
        parser.add_argument("--no-pictures", action="store_true", help="talk without pictures")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("seed_demo works only with DEBUG=1: its passwords are public.")
        check_site(must_be_new=options["only_new_site"])
        if User.objects.filter(username__in=PEOPLE).exists():
            self.stdout.write("The demonstration data exists already; nothing was changed.")
        else:
            seed(with_pictures=not options["no_pictures"])
        self.stdout.write(
            f"Log in at {absolute_url(reverse('login'))} as {', '.join(PEOPLE)}; "
            f"the password is {PASSWORD}."
        )


def check_site(*, must_be_new: bool) -> None:
    """Raise a CommandError that says what to do if the site cannot take the data."""
    executor = MigrationExecutor(connection)
    is_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not is_migrated or Stock.objects.filter(symbol__in=WATCHED).count() < len(WATCHED):
        raise CommandError(
            "The site is not set up yet. Run `make demo`, which does it all, or `make run` first."
        )
    if must_be_new and User.objects.exclude(username__in=PEOPLE).exists():
        raise CommandError(
            "The site has users already, and the passwords of the demonstration data are public. "
            "Set DATA_DIR to a new folder."
        )


def seed(*, with_pictures: bool) -> None:
    password = make_password(PASSWORD)  # takes long, and the transaction locks SQLite
    with transaction.atomic():
        users = {name: create_user(name, password) for name in PEOPLE}
        for room in ROOMS:
            open_room(users, room)
        write_talk(users, with_pictures=with_pictures)
        fill_lists(users["ana"])
        found_demo_club(users, with_pictures=with_pictures)
    if settings.QUOTE_KIND != "real":  # real sources are not asked before the site runs
        read_due_reports(at=timezone.now())


def create_user(name: str, password: str) -> User:
    display_name, bio, level = PEOPLE[name]
    user = User.objects.create_user(
        name,
        f"{name}@example.org",
        display_name=display_name,
        bio=bio,
        access_level=level,
        date_joined=timezone.now() - timedelta(weeks=WEEKS + 1),
    )
    User.objects.filter(pk=user.pk).update(password=password)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def open_room(users: dict[str, User], room: dict[str, Any]) -> None:
    created = create_room(
        host=users[room["host"]],
        name=room["name"],
        topic=room["topic"],
        description=room["description"],
        stock=Stock.objects.filter(symbol=room["stock"]).first(),
    )
    for author, body in room["talk"]:
        post_message(room_pk=created.pk, author=users[author], body=body)
    spread(created, timezone.now())


def fill_lists(owner: User) -> None:
    """Create a carteira, a watchlist and alerts for a user.

    The alerts are of each kind of quotes: `make run` chooses later, and shows only its own.
    """
    stocks = Stock.objects.in_bulk(WATCHED, field_name="symbol")
    rows = [
        NewRow(
            stock=stocks[symbol],
            preco_medio=Decimal(price),
            quantidade=Decimal(quantity),
            nota=nota,
        )
        for symbol, price, quantity, nota in CARTEIRA
    ]
    import_rows(owner=owner, rows=rows)
    create_list(owner=owner, name="Minha lista", symbols=WATCHED)
    for alert in ALERTS:
        fields = {
            name: Decimal(value) if isinstance(value, str) and value[0].isdigit() else value
            for name, value in alert.items()
        }
        fields["ativo"] = stocks[alert["ativo"]]
        for kind in QUOTE_KINDS:
            create_alert(owner=owner, fields=fields, quote_kind=kind, at=timezone.now())
