"""The carteira's pages."""

from django.urls import URLPattern, path

from mainapp.portfolio.views import carteira, club, rows, transfer

urlpatterns: list[URLPattern] = [
    path("carteira", carteira.carteira, name="carteira"),
    path("carteira/view", carteira.carteira_view, name="carteira-view"),
    path("clube/<slug:slug>/carteira/", club.club_carteira, name="club-carteira"),
    path("create-carteira/", rows.create_carteira, name="create-carteira"),
    path("update-carteira/<key:pk>/", rows.update_carteira, name="update-carteira"),
    path("update-carteira/<key:pk>/operacao/", rows.trade_carteira, name="trade-carteira"),
    path("delete-carteira/<key:pk>/", rows.delete_carteira, name="delete-carteira"),
    path("import-carteira/", transfer.import_carteira, name="import-carteira"),
    path("import-carteira/confirmar/", transfer.confirm_import, name="confirm-import-carteira"),
    path("export-carteira/", transfer.export_carteira, name="export-carteira"),
]
