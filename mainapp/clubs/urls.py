"""URLs of the pages of clubs. The middleware sets the club of pages below `clube/<slug>/`."""

from django.urls import path

from mainapp.clubs.views import clubs, complaints, invitations, members, pictures

urlpatterns = [
    path("clubes/", clubs.clubs, name="clubes"),
    path("clubes/novo/", clubs.new_club, name="novo-clube"),
    path("clubes/convite/<str:key>/", invitations.join, name="join-club"),
    path("clubes/restaurar/<key:pk>/", clubs.restore, name="restore-club"),
    path("clube/<slug:slug>/", clubs.club, name="club"),
    path("clube/<slug:slug>/editar/", clubs.edit, name="edit-club"),
    path("clube/<slug:slug>/imagem/", pictures.update, name="update-club-picture"),
    path("clube/<slug:slug>/imagem/remover/", pictures.remove, name="remove-club-picture"),
    path("clube/<slug:slug>/imagem/<str:key>/<key:size>/", pictures.picture, name="club-picture"),
    path("clube/<slug:slug>/membros/", members.members, name="club-members"),
    path("clube/<slug:slug>/papel/", members.role, name="club-role"),
    path("clube/<slug:slug>/remover/<key:user_pk>/", members.remove, name="remove-member"),
    path("clube/<slug:slug>/sair/", members.leave, name="leave-club"),
    path("clube/<slug:slug>/mostrar-carteira/", members.portfolio, name="club-portfolio"),
    path("clube/<slug:slug>/preferir/", clubs.choose, name="choose-club"),
    path("clube/<slug:slug>/convites/", invitations.invitations, name="club-invitations"),
    path(
        "clube/<slug:slug>/convites/<key:pk>/cancelar/",
        invitations.revoke,
        name="revoke-invitation",
    ),
    path("clube/<slug:slug>/moderacao/", clubs.moderation, name="club-moderation"),
    path("clube/<slug:slug>/denunciar/", complaints.report_club, name="report-club"),
    path("clube/<slug:slug>/apagar/", clubs.delete, name="delete-club"),
]
