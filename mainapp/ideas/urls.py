"""URLs of the pages of ideas."""

from django.urls import path

from mainapp.ideas.views import editing, ideas
from mainapp.moderation.views import report

urlpatterns = [
    path("ideias/", ideas.ideas, name="ideias"),
    path("ideias/nova/", editing.new_idea, name="nova-ideia"),
    path("ideias/filtro/", ideas.add_filter, name="save-idea-filter"),
    path("ideias/filtro/<key:pk>/apagar/", ideas.remove_filter, name="delete-idea-filter"),
    path("ideias/comentario/<key:pk>/apagar/", editing.remove_comment, name="delete-idea-comment"),
    path("ideias/historico/<key:pk>/", ideas.record, name="idea-record"),
    path("ideia/<key:pk>/", ideas.idea, name="ideia"),
    path("ideia/<key:pk>/parte/", ideas.idea_part, name="idea-part"),
    path("ideia/<key:pk>/editar/", editing.change_idea, name="edit-idea"),
    path("ideia/<key:pk>/encerrar/", editing.end_idea, name="close-idea"),
    path("ideia/<key:pk>/apagar/", editing.remove_idea, name="delete-idea"),
    path("ideia/<key:pk>/comentar/", editing.add_comment, name="comment-idea"),
    path("report-idea/<key:pk>/", report, {"kind": "idea"}, name="report-idea"),
    path(
        "report-idea-comment/<key:pk>/",
        report,
        {"kind": "idea-comment"},
        name="report-idea-comment",
    ),
    path("clube/<slug:slug>/ideias/", ideas.club_ideas, name="club-ideas"),
]
