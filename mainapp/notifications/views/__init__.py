"""Pages of the inbox, of channels and of the staff's notices."""

from django.http import HttpRequest

from mainapp.accounts.models import User


class MemberRequest(HttpRequest):
    """A request that `login_required` let through."""

    user: User
