"""Changes to users' watchlists.

Each change first locks the owner's row, so that concurrent changes to a user's lists wait. Once it
is committed, the sockets of the owner's open pages get a `lists` frame, and the pages reload them.
"""

from mainapp.market.services.watchlists.changing import MAX_LISTS, announce_lists, current_list_of
from mainapp.market.services.watchlists.lists import (
    copy_list,
    create_list,
    create_shared_list,
    delete_list,
    delete_lists_of,
    make_current,
    rename_list,
    renew_share_key,
)
from mainapp.market.services.watchlists.symbols import (
    Edited,
    Merged,
    TooManySymbols,
    add_symbols,
    edit_current,
    edit_list,
    merge_symbols,
    move_symbol,
    remove_symbols,
)

__all__ = [
    "MAX_LISTS",
    "Edited",
    "Merged",
    "TooManySymbols",
    "add_symbols",
    "announce_lists",
    "copy_list",
    "create_list",
    "create_shared_list",
    "current_list_of",
    "delete_list",
    "delete_lists_of",
    "edit_current",
    "edit_list",
    "make_current",
    "merge_symbols",
    "move_symbol",
    "remove_symbols",
    "rename_list",
    "renew_share_key",
]
