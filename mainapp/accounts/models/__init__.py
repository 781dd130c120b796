"""Users, their preferences, and blocks between them."""

from mainapp.accounts.models.blocks import Block
from mainapp.accounts.models.preferences import Preferences, language_of
from mainapp.accounts.models.users import (
    REMOVED_USER,
    LowercaseEmailField,
    NameSkeleton,
    NameTaken,
    User,
    UserManager,
    is_named,
    rows_of,
    validate_username,
)

__all__ = [
    "REMOVED_USER",
    "Block",
    "LowercaseEmailField",
    "NameSkeleton",
    "NameTaken",
    "Preferences",
    "User",
    "UserManager",
    "is_named",
    "language_of",
    "rows_of",
    "validate_username",
]
