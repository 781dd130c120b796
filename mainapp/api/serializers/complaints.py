"""Complaints."""

from rest_framework import serializers

from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Strict
from mainapp.core.paths import MAX_KEY
from mainapp.moderation.models import Complaint
from mainapp.moderation.policies import MAX_REASON

KINDS = ("message", "file", "profile", "event", "idea", "idea-comment")


class ComplaintInput(Strict):
    """A complaint about a message, an upload or a user, which `id` identifies."""

    kind = serializers.ChoiceField(choices=KINDS)
    id = serializers.IntegerField(min_value=1, max_value=MAX_KEY)
    category = serializers.ChoiceField(choices=Complaint.Category.choices, required=False)
    reason = serializers.CharField(max_length=MAX_REASON, required=False, allow_blank=True)


class ComplaintData(serializers.Serializer):
    """A complaint of the user. A complaint about a file is about its message."""

    kind = serializers.CharField(source="case.kind")
    id = serializers.IntegerField(source="case.subject_id")
    category = serializers.CharField()
    reason = serializers.CharField()
    reported_at = Moment()
    state = serializers.CharField(source="case.state")
