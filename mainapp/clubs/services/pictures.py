"""Upload and removal of a club's picture, with the limits of profile pictures."""

from datetime import datetime

from django.db import transaction

from mainapp.accounts.models import User
from mainapp.accounts.policies import PICTURES
from mainapp.clubs.models import Club
from mainapp.clubs.services.changes import club_changed
from mainapp.clubs.services.locking import MANAGER, OWNER, check_may_change, lock_club
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.pictures.decoding import check_file
from mainapp.core.pictures.folders import Folders
from mainapp.core.pictures.kinds import PictureKind, decoded, remove_picture, replace_pending

# A separate folder, because a person's picture is served to everybody with its key, and a club's
# picture to its members only.
CLUB_PICTURES = PictureKind(
    folders=Folders("club-pictures"),
    model=Club,
    key="picture_key",
    pending="picture_pending",
    changed=lambda pk: club_changed(pk, "club"),
)


def set_club_picture(*, club_pk: int, actor: User, name: str, data: bytes, at: datetime) -> None:
    """Decode an upload and mark its thumbnails as pending; the old picture is shown until then.

    Raises: PictureError, ClubGone, Forbidden, Suspended, RateLimited.
    """
    check_file(name, data)
    check_may_change(actor, at=at)
    check_and_increment_quota(actor, PICTURES, at=at)
    with decoded(CLUB_PICTURES, data) as key, transaction.atomic():
        lock_club(club_pk, actor, OWNER, MANAGER)
        replace_pending(CLUB_PICTURES, pk=club_pk, key=key)


def remove_club_picture(*, club_pk: int, actor: User, at: datetime) -> None:
    """Remove a club's picture with its files. Raises: ClubGone, Forbidden, Suspended, RateLimited.

    Safe to repeat.
    """
    check_may_change(actor, at=at)
    with transaction.atomic():
        lock_club(club_pk, actor, OWNER, MANAGER)
        remove_picture(CLUB_PICTURES, pk=club_pk)
