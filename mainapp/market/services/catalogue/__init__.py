"""Loading of the catalogue from the project's data and from sources, and admins' corrections."""

from mainapp.market.services.catalogue.correcting import (
    drop_corrections,
    follow_renames,
    mark_corrected,
)
from mainapp.market.services.catalogue.refreshing import Refreshed, refresh_catalogue
from mainapp.market.services.catalogue.seeding import (
    Seeded,
    load_data,
    search_text,
    seed_catalogue,
)

__all__ = [
    "Refreshed",
    "Seeded",
    "drop_corrections",
    "follow_renames",
    "load_data",
    "mark_corrected",
    "refresh_catalogue",
    "search_text",
    "seed_catalogue",
]
