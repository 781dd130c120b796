"""Django's configuration of the forum feature."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ForumConfig(AppConfig):
    name = "mainapp.forum"

    def ready(self) -> None:
        from mainapp.accounts.fanout.circles import register_circles  # noqa: PLC0415 - needs loaded models
        from mainapp.core.audience import register_audience  # noqa: PLC0415 - needs loaded models
        from mainapp.core.blocks import register_block  # noqa: PLC0415 - needs loaded models
        from mainapp.core.search import register_search  # noqa: PLC0415 - needs loaded models
        from mainapp.forum import receivers  # noqa: F401, PLC0415 - connects once the models are there
        from mainapp.forum.blocks import BLOCKS  # noqa: PLC0415 - needs loaded models
        from mainapp.forum.selectors.chats import ROOMS_FEED  # noqa: PLC0415 - needs loaded models
        from mainapp.forum.selectors.circles import CIRCLES  # noqa: PLC0415 - needs loaded models
        from mainapp.forum.selectors.messages import READERS  # noqa: PLC0415 - needs loaded models
        from mainapp.forum.selectors.search import SECTIONS  # noqa: PLC0415 - needs loaded models
        from mainapp.forum.services.mentions import MENTION, REPLY, wanted_mentions  # noqa: PLC0415 - needs loaded models
        from mainapp.forum.services.moderation import SUBJECTS  # noqa: PLC0415 - needs loaded models
        from mainapp.forum.services.talk import TALK, wanted_talk  # noqa: PLC0415 - needs loaded models
        from mainapp.moderation.subjects import register_subject  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.fanout.feeds import register_feed  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.rendering import Appearance, register_appearance  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.services.checks import register_check  # noqa: PLC0415 - needs loaded models

        register_appearance(MENTION, Appearance(label=_("Menção"), icon="at"))
        register_appearance(REPLY, Appearance(label=_("Resposta"), icon="at"))
        register_appearance(TALK, Appearance(label=_("Conversa"), icon="messages"))
        register_check(MENTION, wanted_mentions)
        register_check(REPLY, wanted_mentions)
        register_check(TALK, wanted_talk)
        for block in BLOCKS:
            register_block(block)
        for section in SECTIONS:
            register_search(section)
        register_feed(ROOMS_FEED)
        register_audience(READERS)
        for subject in SUBJECTS:
            register_subject(subject)
        for circles in CIRCLES:
            register_circles(circles)
