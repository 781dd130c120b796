"""Permissions of notifications, and the retry rules of failed deliveries."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_noop as _

from mainapp.core.limits import CLOSED, Limit, Quota
from mainapp.core.policies import (
    ADMIN,
    EVERYONE,
    FORBIDDEN,
    MEMBERS,
    OWNER,
    STAFF,
    UNAUTHORIZED,
    Area,
    Page,
    Socket,
    action,
    form,
    operation,
    page,
)

LEASE = timedelta(seconds=60)
# For a campaign e-mail during its attempt; longer than a mail server may take to accept it.
SENDING_LEASE = timedelta(minutes=11)
GIVE_UP = timedelta(days=1)
# If the outcome of an attempt is unknown, the message may have arrived, and each further attempt
# may deliver a duplicate.
MAX_UNKNOWN = 3
UNKNOWN_PAUSE = timedelta(minutes=15)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 30.0, 3600.0

# Kinds without deliveries: a notice of a failed delivery that was itself delivered could loop.
INBOX_ONLY = frozenset({"delivery_failed"})

MAX_CHANNELS = 10
DEVICE = "push_device"  # the session's field with the key of the browser's own channel
CODE_TRIES = 5
CODE_LIFE = timedelta(hours=1)
# Tests and verifications go to addresses that nobody has confirmed: unlimited, they would be a
# way to flood strangers.
CHANNEL_MESSAGES = Quota(
    name="channel-messages", label=_("mensagens de teste de canais"), seed=10, window_s=3600.0
)

# Not a quota, because people who are not staff would see it among theirs.
CAMPAIGN_TESTS = Limit(
    "campaign-tests", 10, 3600.0, _("Testes demais na última hora: tente mais tarde."), CLOSED
)
# For the whole site; campaigns only.
CAMPAIGN_MAILS = Limit("campaign-mails", "MAILS_A_MINUTE", 60.0, without_redis=CLOSED)


def retry_pause(tries: int, jitter: float) -> timedelta:
    """Return the pause after the `tries`-th failed try: 30 s, doubled each time, an hour at most.

    `jitter` (0 to 1) shortens it by up to a fifth, so that deliveries that failed together are
    not all retried at the same moment.
    """
    pause_s = min(FIRST_PAUSE_S * 2.0 ** min(tries - 1, 12), LONGEST_PAUSE_S)
    return timedelta(seconds=pause_s * (1 - 0.2 * jitter))


def is_given_up(*, created_at: datetime, at: datetime) -> bool:
    """Return whether a delivery that failed again at `at` has been retried for a day."""
    return at - created_at >= GIVE_UP


PAGES = {
    "notifications": page(MEMBERS),
    "latest-notifications": page(MEMBERS, stranger=UNAUTHORIZED),
    "read-notifications": action(MEMBERS),
    "delete-notifications": form(MEMBERS),
    "read-notification": action(OWNER, of="notification"),
    "delete-notification": form(OWNER, of="notification"),
    "notification-deliveries": page(MEMBERS),
    "notification-channels": form(MEMBERS),
    "switch-account-mail": action(MEMBERS),
    "notification-channel": form(OWNER, of="channel"),
    "verify-channel": action(OWNER, of="channel"),
    "test-channel": action(OWNER, of="channel"),
    "switch-channel": action(OWNER, of="channel"),
    "delete-channel": form(OWNER, of="channel"),
    "edit-device": action(OWNER, of="device"),
    "this-device": form(MEMBERS, stranger=UNAUTHORIZED),
    "confirm-channel": form(EVERYONE, of="channel link"),
    "broadcasts": form(STAFF, member=FORBIDDEN),
    "campaign": page(STAFF, member=FORBIDDEN, of="campaign"),
    "campaign-progress": page(STAFF, member=FORBIDDEN, of="campaign"),
    "preview-campaign": page(STAFF, member=FORBIDDEN, of="campaign preview"),
    "test-campaign": action(STAFF, member=FORBIDDEN, of="campaign"),
    "send-campaign": action(STAFF, member=FORBIDDEN, of="campaign"),
    "cancel-campaign": action(STAFF, member=FORBIDDEN, of="campaign"),
    "mail-log": page(ADMIN, member=FORBIDDEN),
    "retry-mail": action(ADMIN, member=FORBIDDEN, of="failed mail"),
    "unsubscribe-news": Page(
        methods={"GET": EVERYONE, "HEAD": EVERYONE, "POST": EVERYONE},
        of="news link",
        takes_foreign_posts=True,
    ),
}

OPERATIONS = {
    "api-notifications": operation(Area.NOTIFICATIONS, get=MEMBERS),
    "api-notification": operation(Area.NOTIFICATIONS, get=OWNER, delete=OWNER),
    "api-read-notification": operation(Area.NOTIFICATIONS, post=OWNER, patch=OWNER),
}

SOCKET = Socket(
    opens=MEMBERS,
    frames={"ping": MEMBERS, "resume": MEMBERS, "mark_read": MEMBERS},
)
