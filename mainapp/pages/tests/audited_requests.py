"""Valid requests for every mutating page and operation, with the audit entries each leaves.

AUDITED has the lines of the policy tables that leave entries, and NOT_AUDITED the others, with a
reason. A line in neither of them makes `test_audited_requests` fail.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve, reverse
from django.utils import timezone

from mainapp.accounts.tests.factors import code_at, give_app
from mainapp.agenda.services.seats import enrol
from mainapp.alerts.models import Alert
from mainapp.clubs.models import Club
from mainapp.core.policies import Who, operation_policies, page_policies
from mainapp.core.tests.images import photo
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.services.channels import link_key
from mainapp.notifications.tests.factories import channel
from mainapp.notifications.tests.transports.browsers import PushBrowser
from mainapp.pages.tests.world import OBJECTS, PEOPLE, World

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
PASSWORD, NEW_PASSWORD = "correct horse", "staple battery 9"
Data = dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """A request: its body, its sender, the entries that it leaves, and the object of its URL.

    `leaves` has "model action" or "model action field" for each entry. The actor is the sender,
    unless the request has `no_actor`.
    """

    leaves: tuple[str, ...]
    data: Data | Callable[[World, Data], Data] = field(default_factory=dict)
    person: str = ""
    of: str | Callable[[World], Data] = ""
    confirms_password: bool = False
    no_actor: bool = False
    first: Callable[[World, Data], Any] | None = None  # prepares the world

    def body(self, world: World, arguments: Data) -> Data:
        return self.data(world, arguments) if callable(self.data) else self.data


def sent(*leaves: str, **options: Any) -> Sent:
    return Sent(leaves, **options)


def lines() -> list[str]:
    """Return "name METHOD" for each mutating line of the policy tables."""
    return [
        f"{name} {method.upper()}"
        for table in (
            {name: page.methods for name, page in page_policies().items()},
            operation_policies(),
        )
        for name, methods in table.items()
        for method in methods
        if method.upper() in UNSAFE
    ]


def person_of(line: str, request: Sent) -> str:
    """Return the sender of a request: the first of owner, host and admin who may send it."""
    if request.person:
        return request.person
    name, method = line.split()
    page = page_policies().get(name)
    who = page.methods[method] if page else operation_policies()[name][method.lower()]
    return next(p for p in ("owner", "host", "admin", "anonymous") if PEOPLE[p] & (who | Who(0)))


def arguments_of(line: str, request: Sent, world: World) -> Data:
    page = page_policies().get(line.split()[0])
    of = request.of or (page.of if page else "")
    if callable(of):
        return of(world)
    return OBJECTS[of][0](world) if of else {}


# Bodies ----------------------------------------------------------------------------------------


def _stock(*_: Any) -> None:
    StockFactory(symbol="PETR4")
    StockFactory(symbol="VALE3")


def _picture(*_: Any) -> Data:
    return {"picture": SimpleUploadedFile("a.png", photo(), "image/png")}


def _app(world: World, _arguments: Data) -> None:
    give_app(world.users["owner"])


def _first_code(world: World, _arguments: Data) -> Data:
    """Open the page that shows the secret, and return the first code."""
    browser = world.browser("owner")
    browser.post(reverse("reauthenticate"), {"password": PASSWORD})
    page = browser.get(reverse("activate-app")).content.decode()
    secret = re.search(r'factor-secret">([A-Z2-7]{32})<', page)
    assert secret
    return {"code": code_at(secret=secret[1])}


def _new_member(world: World, arguments: Data) -> Data:
    return {
        "user": Club.objects.get(slug=arguments["slug"])
        .members.exclude(role="owner")
        .get()
        .user_id,
        "role": "manager",
    }


def _own_alert(world: World, _arguments: Data) -> Data:
    alert = OBJECTS["alert"][0](world)["pk"]
    Alert.objects.filter(pk=alert).update(owner=world.users["host"])
    return {"alert": alert}


def _paused(_world: World, arguments: Data) -> None:
    Alert.objects.filter(pk=arguments["pk"]).update(status="paused")


def _holder(world: World, arguments: Data) -> None:
    enrol(event_pk=arguments["pk"], user=world.users["owner"], at=timezone.now())


def _reset_link(world: World) -> Data:
    """Open an e-mailed link, which stores its key in the session; return the form's URL."""
    owner = world.users["owner"]
    link = {"uidb36": user_pk_to_url_str(owner), "key": default_token_generator.make_token(owner)}
    answer = world.browser("owner").get(reverse("new-password", kwargs=link))
    return dict(resolve(answer.url).kwargs)


def _has_picture(world: World, _arguments: Data) -> None:
    type(world.users["owner"]).objects.filter(pk=world.users["owner"].pk).update(
        avatar_key="x" * 22
    )


def _pictured_club(world: World) -> Data:
    slug = OBJECTS["club picture"][0](world)["slug"]
    return {"slug": slug}


def _unconfirmed_link(world: World) -> Data:
    row = channel(world.users["owner"], address="nova@example.org", verified_at=None)
    return {"key": link_key(row)}


def _coded_channel(world: World) -> Data:
    now = timezone.now()
    row = channel(
        world.users["owner"], "webhook", verified_at=None, code="123456", code_sent_at=now
    )
    return {"pk": row.pk}


def _push(*_: Any) -> Data:
    browser = PushBrowser()
    return {
        "endpoint": "https://93.184.215.14/abc",
        "p256dh": browser.p256dh,
        "auth": browser.auth,
        "name": "Chrome",
    }


def _imported(world: World, _arguments: Data) -> Data:
    _stock()
    file = SimpleUploadedFile(
        "a.csv", b"Ativo;Quantidade;Pre\xc3\xa7o m\xc3\xa9dio;Nota\nPETR4;10;31,5;9\n"
    )
    answer = world.browser("owner").post(reverse("import-carteira"), {"arquivo": file})
    return {"linhas": answer.context["form"].initial["linhas"], "modo": "atualizar"}


def _calendar(*_: Any) -> Data:
    start = (timezone.now() + timedelta(days=9)).strftime("%Y%m%dT190000Z")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:x",
        "BEGIN:VEVENT",
        "UID:1",
        f"DTSTAMP:{start}",
        f"DTSTART:{start}",
        "SUMMARY:Curso",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return {
        "file": SimpleUploadedFile("a.ics", "\r\n".join(lines).encode(), "text/calendar"),
        "club": "",
    }


def _club_pk(world: World) -> Data:
    made = OBJECTS["club member"][0](world)
    return {"slug": made["slug"], "pk": made["user_pk"]}


def _api_event(*_: Any) -> Data:
    start = (timezone.now() + timedelta(days=5)).strftime("%Y-%m-%dT19:00")
    return {"title": "Curso", "starts_at": start, "place": "Rua A"}


def _horizon() -> str:
    return (timezone.now() + timedelta(days=30)).date().isoformat()


def _idea(*_: Any) -> Data:
    StockFactory(symbol="PETR4")
    return {
        "stock": "PETR4",
        "side": "buy",
        "thesis": "Sobe.",
        "horizon": _horizon(),
        "target": "40",
        "stop": "30",
    }


def _event(*_: Any) -> Data:
    start = (timezone.now() + timedelta(days=5)).strftime("%Y-%m-%dT19:00")
    return {
        "kind": "course", "title": "Curso", "starts_at": start, "place": "Rua A",
        "time_zone": "America/Sao_Paulo", "price": "10,00",
    }  # fmt: skip


ALERT = {
    "ativo": "PETR4", "compra": "30,00", "periodo": "5", "duracao": "30", "hold_minutes": "0",
    "recurrence": "once", "cooldown_minutes": "60", "rearm_pct": "1",
}  # fmt: skip
HOLDING = {"ativo": "VALE3", "preco_medio": "10,00", "quantidade": "5", "nota": "5"}
ROOM = {"name": "Nova sala", "description": "", "topic": "", "stock": ""}

AUDITED: dict[str, Sent] = {
    # Accounts
    "register POST": sent(
        "accounts.user created",
        person="anonymous",
        no_actor=True,
        data={
            "username": "novata",
            "email": "novata@example.org",
            "password1": NEW_PASSWORD,
            "password2": NEW_PASSWORD,
        },
    ),
    "email POST": sent(
        "account.emailaddress created",
        confirms_password=True,
        data={"email": "outra@example.org", "action_add": ""},
    ),
    "confirm-email POST": sent(
        "account.emailaddress changed primary,verified", "accounts.user changed email"
    ),
    "activate-app POST": sent("mfa.authenticator created", data=_first_code),
    "deactivate-app POST": sent("mfa.authenticator deleted", first=_app, confirms_password=True),
    "renew-recovery-codes POST": sent(
        "mfa.authenticator created", first=_app, confirms_password=True
    ),
    "rename-passkey POST": sent(
        "mfa.authenticator changed data", data={"name": "Outra"}, confirms_password=True
    ),
    "remove-passkey POST": sent("mfa.authenticator deleted", confirms_password=True),
    "end-session POST": sent("usersessions.usersession deleted"),
    "end-other-sessions POST": sent(
        "usersessions.usersession deleted", first=lambda world, _: OBJECTS["session"][0](world)
    ),
    "logout POST": sent("usersessions.usersession deleted"),
    "change-password POST": sent(
        "accounts.user changed password",
        data={"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    ),
    "new-password POST": sent(
        "accounts.user changed password",
        data={"password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        of=_reset_link,
    ),
    "preferences POST": sent(
        "accounts.preferences created", data={"theme": "dark", "hides_presence": "True"}
    ),
    "update-profile POST": sent(
        "accounts.user changed bio", data={"display_name": "Dona", "bio": "Olá"}
    ),
    "remove-picture POST": sent("accounts.user changed avatar_key", first=_has_picture),
    "delete-account POST": sent(
        "accounts.user deleted", data={"password": PASSWORD}, person="other"
    ),
    "suspend-user POST": sent(
        "accounts.user changed suspended_until",
        person="admin",
        data={"days": "7", "reason": "Spam"},
    ),
    "keys POST": sent(
        "api.apikey created",
        data={"name": "x", "scopes": ["read"], "days": "30", "password": PASSWORD},
    ),
    "revoke-key POST": sent("api.apikey deleted"),
    # Notifications
    "notification-channels POST": sent(
        "notifications.channel created", data={"kind": "email", "address": "aviso@example.org"}
    ),
    "switch-account-mail POST": sent("notifications.channel created"),
    "switch-channel POST": sent("notifications.channel changed is_active"),
    "delete-channel POST": sent("notifications.channel deleted"),
    "edit-device POST": sent(
        "notifications.channel changed", data={"name": "Meu", "shows_amounts": "on"}
    ),
    "confirm-channel POST": sent("notifications.channel changed verified_at", of=_unconfirmed_link),
    "notification-channel POST": sent(
        "notifications.channel changed verified_at", data={"code": "123456"}, of=_coded_channel
    ),
    "this-device POST": sent("notifications.channel created", data=_push),
    "broadcasts POST": sent(
        "notifications.broadcast created", data={"title": "Aviso", "body": "Texto", "url": ""}
    ),
    "send-campaign POST": sent("notifications.broadcast changed state", person="admin"),
    "cancel-campaign POST": sent("notifications.broadcast changed state", person="admin"),
    "unsubscribe-news POST": sent("accounts.preferences created"),
    # Clubs
    "novo-clube POST": sent(
        "clubs.club created",
        "clubs.clubmember created",
        data={"name": "Clube novo", "description": ""},
    ),
    "edit-club POST": sent(
        "clubs.club changed name",
        data={"name": "Outro", "description": "", "filtered_words": ""},
        person="host",
    ),
    "update-club-picture POST": sent(
        "clubs.club changed picture_pending", data=_picture, person="host"
    ),
    "remove-club-picture POST": sent(
        "clubs.club changed picture_key", person="host", of=_pictured_club
    ),
    "club-role POST": sent("clubs.clubmember changed role", data=_new_member, person="host"),
    "remove-member POST": sent("clubs.clubmember deleted", person="host"),
    "leave-club POST": sent("clubs.clubmember deleted"),
    "club-portfolio POST": sent("clubs.clubmember changed shares_portfolio", data={"on": "on"}),
    "club-invitations POST": sent(
        "clubs.invitation created", data={"days": "7", "max_uses": "5"}, person="host"
    ),
    "revoke-invitation POST": sent("clubs.invitation changed revoked_at", person="host"),
    "join-club POST": sent("clubs.clubmember created", person="other"),
    "delete-club POST": sent("clubs.club changed archived_at", person="host"),
    "restore-club POST": sent("clubs.club changed archived_at", person="host"),
    # Alerts, carteira
    "create-alert POST": sent("alerts.alert created", data=ALERT, first=_stock),
    "update-alert POST": sent(
        "alerts.alert changed compra", data=ALERT | {"compra": "31,00"}, first=_stock
    ),
    "delete-alert POST": sent("alerts.alert deleted"),
    "delete-alerts POST": sent(
        "alerts.alert deleted", data=lambda world, _: {"alert": OBJECTS["alert"][0](world)["pk"]}
    ),
    "pause-alert POST": sent("alerts.alert changed status"),
    "resume-alert POST": sent("alerts.alert changed expires_at,status", first=_paused),
    "unsubscribe-alert POST": sent("alerts.alert changed"),
    "create-carteira POST": sent("portfolio.carteira created", data=HOLDING, first=_stock),
    "update-carteira POST": sent("portfolio.carteira changed nota", data=HOLDING | {"nota": "9"}),
    "trade-carteira POST": sent(
        "portfolio.carteira changed",
        data={"op-operacao": "compra", "op-quantidade": "5", "op-preco": "31,00"},
    ),
    "delete-carteira POST": sent("portfolio.carteira deleted"),
    "confirm-import-carteira POST": sent("portfolio.carteira created", data=_imported),
    # Forum
    "create-room POST": sent("forum.room created", data=ROOM),
    "close-room POST": sent("forum.room changed is_closed", person="host"),
    "reopen-room POST": sent(
        "forum.room changed is_closed",
        person="host",
        first=lambda world, a: type(world.room).objects.filter(pk=a["pk"]).update(is_closed=True),
    ),
    "filter-words POST": sent(
        "forum.room changed filtered_words", data={"filtered_words": "bobo"}, person="host"
    ),
    "update-room POST": sent("forum.room changed name", data=ROOM, person="host"),
    "delete-room POST": sent("forum.room deleted", person="host"),
    # Ideas, agenda
    "nova-ideia POST": sent("ideas.idea created", data=_idea),
    "edit-idea POST": sent(
        "ideas.idea changed", data=lambda *_: {"thesis": "Outra.", "tags": "bolsa"}
    ),
    "close-idea POST": sent("ideas.idea changed"),
    "delete-idea POST": sent("ideas.idea changed deleted_at"),
    "import-calendar POST": sent("agenda.event created", data=_calendar, person="admin"),
    "calendar-link POST": sent("agenda.calendarlink created"),
    "novo-evento POST": sent("agenda.event created", data=_event, person="admin"),
    "enrol-event POST": sent("agenda.order created", data={"seats": "1"}),
    "give-back-seat POST": sent("agenda.order changed state", first=_holder),
    "update-event POST": sent("agenda.event changed kind", data=_event, person="host"),
    "cancel-event POST": sent("agenda.event changed state", person="host"),
    "mark-order POST": sent("agenda.order changed is_paid", data={"paid": "on"}, person="host"),
    # Operations
    "api-register POST": sent(
        "accounts.user created",
        person="anonymous",
        no_actor=True,
        data={"username": "novata", "email": "novata@example.org", "password": NEW_PASSWORD},
    ),
    "api-user PATCH": sent("accounts.user changed bio", data={"bio": "Olá"}),
    "api-clubs POST": sent(
        "clubs.club created", "clubs.clubmember created", data={"name": "Clube novo"}
    ),
    "api-club PATCH": sent(
        "clubs.club changed name", data={"name": "Outro"}, of="club", person="host"
    ),
    "api-club DELETE": sent("clubs.club changed archived_at", of="club", person="host"),
    "api-club-member PATCH": sent(
        "clubs.clubmember changed role", data={"role": "manager"}, of=_club_pk, person="host"
    ),
    "api-club-member DELETE": sent("clubs.clubmember deleted", of=_club_pk, person="host"),
    "api-club-invitations POST": sent(
        "clubs.invitation created", data={"days": 7}, of="club", person="host"
    ),
    "api-club-invitation DELETE": sent(
        "clubs.invitation changed revoked_at", of="club invitation", person="host"
    ),
    "api-club-join POST": sent("clubs.clubmember created", of="invitation", person="other"),
    "api-alerts POST": sent(
        "alerts.alert created", data={"ativo": "PETR4", "compra": "30.00"}, first=_stock
    ),
    "api-create-alert POST": sent(
        "alerts.alert created", data={"ativo": "PETR4", "compra": "30.00"}, first=_stock
    ),
    "api-delete-alerts POST": sent(
        "alerts.alert deleted", first=lambda world, _: OBJECTS["alert"][0](world)
    ),
    "api-delete-alerts DELETE": sent(
        "alerts.alert deleted", first=lambda world, _: OBJECTS["alert"][0](world)
    ),
    "api-delete-alert DELETE": sent("alerts.alert deleted", of="alert"),
    "api-alert PUT": sent(
        "alerts.alert changed compra",
        data={"ativo": "PETR4", "compra": "31.00"},
        of="alert",
        first=_stock,
    ),
    "api-alert PATCH": sent("alerts.alert changed note", data={"note": "x"}, of="alert"),
    "api-alert DELETE": sent("alerts.alert deleted", of="alert"),
    "api-pause-alert POST": sent("alerts.alert changed status", of="alert"),
    "api-resume-alert POST": sent(
        "alerts.alert changed expires_at,status", of="alert", first=_paused
    ),
    "api-carteira POST": sent(
        "portfolio.carteira created",
        data={"ativo": "VALE3", "preco_medio": "10.00", "quantidade": "5"},
        first=_stock,
    ),
    "api-holding PATCH": sent("portfolio.carteira changed nota", data={"nota": 9}, of="holding"),
    "api-holding DELETE": sent("portfolio.carteira deleted", of="holding"),
    "api-rooms POST": sent("forum.room created", data={"name": "Nova sala"}),
    "api-ideas POST": sent("ideas.idea created", data=_idea),
    "api-idea PATCH": sent("ideas.idea changed", data={"thesis": "Outra."}, of="idea"),
    "api-idea DELETE": sent("ideas.idea changed deleted_at", of="idea"),
    "api-close-idea POST": sent("ideas.idea changed", of="idea"),
    "api-events POST": sent("agenda.event created", data=_api_event, person="admin"),
    "api-event PATCH": sent(
        "agenda.event changed title", data={"title": "Outro"}, of="event", person="host"
    ),
    "api-event DELETE": sent("agenda.event changed state", of="event", person="host"),
    "api-enrol POST": sent("agenda.order created", of="event"),
    "api-enrol DELETE": sent("agenda.order changed state", of="event", first=_holder),
    "api-orders POST": sent(
        "agenda.order created",
        data=lambda world, _: {"product_id": OBJECTS["event"][0](world)["pk"]},
    ),
    "api-order PATCH": sent(
        "agenda.order changed is_paid", data={"paid": True}, of="order", person="host"
    ),
    "api-order DELETE": sent("agenda.order changed state", of="order", person="other"),
    "api-courses POST": sent("agenda.event created", data=_api_event, person="admin"),
    "api-keys POST": sent(
        "api.apikey created",
        data={"name": "x", "scopes": ["read"], "expires_in_days": 30, "password": PASSWORD},
    ),
    "api-key DELETE": sent("api.apikey deleted", of="API key"),
}

# Lines that leave no entry, by the reason.
_REASONS: dict[str, str] = {
    "log-ins are sessions; the log of the site has them": "login reauthenticate api-login "
    "second-step confirm-by-code confirm-by-passkey passkey-log-in "
    "api-token api-refresh api-token-refresh api-logout api-ticket unlock reset-password",
    "it leads to another page, where a password is changed": "set-password",
    "redirects of addresses of the first version": "tracker-view carteira-view",
    "without a mail server it changes nothing": "welcome-channels",
    "lists of papers and their order": "watchlists watchlist-current create-club-list "
    "watchlist-merge watchlist-symbols edit-watchlist rename-watchlist make-watchlist-current "
    "renew-watchlist-link delete-watchlist copy-shared-list welcome api-club-list",
    "marks of notifications": "read-notifications delete-notifications read-notification "
    "delete-notification api-notification api-read-notification",
    "they send a message, and change no setting": "verify-channel test-channel test-campaign "
    "retry-mail",
    "the moderation log has complaints and decisions": "complaint complaint-copy report-message "
    "report-file report-profile report-event report-club report-idea report-idea-comment "
    "api-complaints",
    "what a club's members see and receive": "choose-club share-alert receive-club-alert "
    "unshare-alert api-club-alerts api-shared-alert api-receive-shared-alert",
    "it takes a key; the tests of passkeys have it": "add-passkey",
    "a preview": "preview-alert import-carteira",
    "messages, reactions, marks, and private rooms": (
        "room nova-conversa conversa read-conversations read-conversation rename-conversation "
        "add-to-conversation remove-from-conversation leave-conversation mute-conversation "
        "create-club-room mute-participant edit-message delete-message react-message "
        "api-messages api-read-room api-mute-room api-reactions api-send-message api-chats "
        "api-message-rooms api-chat api-leave-chat api-add-to-chat api-chat-participant "
    ),
    "comments, and the filters that a reader saves": "comment-idea delete-idea-comment "
    "save-idea-filter delete-idea-filter api-idea-comments api-idea-comment",
    "a file of a message": "api-uploads api-upload",
    "private to the user who blocks": "block-user unblock-user api-blocks api-block",
    "a task makes the picture and changes the user": "update-picture",
    "a copy for the user": "export-data reports cancel-report delete-report api-reports "
    "api-report api-cancel-report",
    "a cookie of the browser": "set_language",
}
_NAMES = {name: reason for reason, names in _REASONS.items() for name in names.split()}
NOT_AUDITED = {line: _NAMES[line.split()[0]] for line in lines() if line.split()[0] in _NAMES}


# Frames ----------------------------------------------------------------------------------------

# No frame changes a row of an audited model.
FRAMES_NOT_AUDITED = {
    **dict.fromkeys(("ping", "resume", "subscribe", "unsubscribe"), "they change nothing"),
    **dict.fromkeys(("message", "send", "edit", "delete", "typing", "react"), "messages"),
    **dict.fromkeys(("read", "mute", "mark_read"), "marks, and a participant's own mute"),
}

# The objects and bodies of operations that leave no entry, where they need any.
OBJECTS_OF_OPERATIONS: dict[str, str] = {
    "api-block": "user",
    **dict.fromkeys(("api-notification", "api-read-notification"), "notification"),
    "api-upload": "upload",
    **dict.fromkeys(("api-report", "api-cancel-report"), "report"),
    **dict.fromkeys(("api-club-list", "api-club-alerts"), "club"),
    **dict.fromkeys(("api-shared-alert", "api-receive-shared-alert"), "shared alert"),
    **dict.fromkeys(("api-messages", "api-read-room", "api-mute-room"), "room"),
    **dict.fromkeys(("api-chat", "api-leave-chat", "api-add-to-chat"), "conversation"),
    "api-idea-comments": "idea",
}
