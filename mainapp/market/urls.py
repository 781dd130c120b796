"""URLs of the market's pages."""

from django.urls import URLPattern, path

from mainapp.market.views import (
    candles,
    list_edits,
    logos,
    paper,
    picker,
    search,
    sources,
    tracker,
    watchlists,
)

urlpatterns: list[URLPattern] = [
    path("stocktracker", tracker.stocktracker, name="stocktracker"),
    path("stocktracker/view", tracker.tracker_view, name="tracker-view"),
    path("stocktracker/export", tracker.export_tracker, name="export-tracker"),
    path("ativo/<str:symbol>/", paper.paper, name="paper"),
    path("logos/<str:symbol>", logos.logo, name="logo"),
    path("graph", paper.graph, name="graph"),
    path("graph/candles", candles.candles, name="candles"),
    path("sources/", sources.sources, name="sources"),
    path("stocks/search/", search.stock_search, name="stock-search"),
    path("stockpicker/<str:market>", picker.stockpicker, name="stockpicker"),
    path("watchlists/", watchlists.watchlists, name="watchlists"),
    path("watchlists/current/", list_edits.current, name="watchlist-current"),
    path("clube/<slug:slug>/lista/", watchlists.create_club_list, name="create-club-list"),
    path("watchlists/merge/", list_edits.merge, name="watchlist-merge"),
    path("watchlists/<key:pk>/", watchlists.watchlist, name="watchlist"),
    path("watchlists/<key:pk>/symbols/", list_edits.list_symbols, name="watchlist-symbols"),
    path("watchlists/<key:pk>/edit/", watchlists.edit_watchlist, name="edit-watchlist"),
    path("watchlists/<key:pk>/rename/", watchlists.rename_watchlist, name="rename-watchlist"),
    path(
        "watchlists/<key:pk>/make-current/",
        watchlists.make_watchlist_current,
        name="make-watchlist-current",
    ),
    path("watchlists/<key:pk>/link/", watchlists.renew_watchlist_link, name="renew-watchlist-link"),
    path("watchlists/<key:pk>/delete/", watchlists.delete_watchlist, name="delete-watchlist"),
    path("lists/<str:share_key>/", watchlists.shared, name="shared-list"),
    path("lists/<str:share_key>/copy/", watchlists.copy_shared, name="copy-shared-list"),
]
