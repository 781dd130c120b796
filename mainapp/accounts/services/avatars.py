"""Upload and removal of profile pictures."""

from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.policies import PICTURES
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.pictures.decoding import check_file
from mainapp.core.pictures.folders import Folders
from mainapp.core.pictures.kinds import PictureKind, decoded, remove_picture, replace_pending

AVATARS = PictureKind(
    folders=Folders("avatars"), model=User, key="avatar_key", pending="avatar_pending"
)


def set_avatar(*, user: User, name: str, data: bytes) -> None:
    """Decode an upload and mark its thumbnails as pending; the old picture is shown until then.

    Raises: PictureError, RateLimited; the user's picture is then unchanged.
    """
    check_file(name, data)
    check_and_increment_quota(user, PICTURES, at=timezone.now())
    with decoded(AVATARS, data) as key:
        replace_pending(AVATARS, pk=user.pk, key=key)


def remove_avatar(*, user: User) -> None:
    """Remove a user's picture with its files. Safe to repeat."""
    remove_picture(AVATARS, pk=user.pk)
