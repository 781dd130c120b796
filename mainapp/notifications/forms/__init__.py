"""Forms of channels and campaigns."""

from mainapp.notifications.forms.campaigns import CampaignForm, MailLogForm
from mainapp.notifications.forms.channels import (
    KIND_FIELDS,
    KINDS,
    ChannelForm,
    CodeForm,
    DeviceForm,
    SubscriptionForm,
)

__all__ = [
    "KINDS",
    "KIND_FIELDS",
    "CampaignForm",
    "ChannelForm",
    "CodeForm",
    "DeviceForm",
    "MailLogForm",
    "SubscriptionForm",
]
