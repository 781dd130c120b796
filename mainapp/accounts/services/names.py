"""Recording of the skeletons of users' names."""

from mainapp.accounts.models import NameSkeleton, User
from mainapp.core.names import skeletons


def record_names(*, user: User) -> None:
    """Replace a user's skeletons with those of the current names. Safe to repeat; two queries."""
    current = skeletons(user.username) | skeletons(user.display_name)
    NameSkeleton.objects.filter(user=user).exclude(skeleton__in=current).delete()
    rows = [NameSkeleton(user=user, skeleton=skeleton) for skeleton in sorted(current)]
    NameSkeleton.objects.bulk_create(rows, ignore_conflicts=True)
