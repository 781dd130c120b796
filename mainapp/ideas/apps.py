"""Django's configuration of the ideas."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdeasConfig(AppConfig):
    name = "mainapp.ideas"

    def ready(self) -> None:
        from mainapp.accounts import personal_data  # noqa: PLC0415 - needs loaded models
        from mainapp.core.blocks import register_block  # noqa: PLC0415 - needs loaded models
        from mainapp.core.search import register_search  # noqa: PLC0415 - needs loaded models
        from mainapp.ideas import receivers  # noqa: F401, PLC0415 - connects once the models are there
        from mainapp.ideas.blocks import BLOCKS  # noqa: PLC0415 - needs loaded models
        from mainapp.ideas.selectors.needs import needed_symbols  # noqa: PLC0415 - needs loaded models
        from mainapp.ideas.selectors.person import TABLES  # noqa: PLC0415 - needs loaded models
        from mainapp.ideas.selectors.search import SECTIONS  # noqa: PLC0415 - needs loaded models
        from mainapp.ideas.services.announcing import DECIDED, wanted_outcomes  # noqa: PLC0415 - needs loaded models
        from mainapp.ideas.services.comment_notices import COMMENTED  # noqa: PLC0415 - needs loaded models
        from mainapp.ideas.services.moderation import SUBJECTS  # noqa: PLC0415 - needs loaded models
        from mainapp.market.watch import register_need  # noqa: PLC0415 - needs loaded models
        from mainapp.moderation.subjects import register_subject  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.rendering import Appearance, register_appearance  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.services.checks import register_check  # noqa: PLC0415 - needs loaded models

        register_need(needed_symbols)
        register_appearance(DECIDED, Appearance(label=_("Ideia"), icon="flag"))
        register_appearance(COMMENTED, Appearance(label=_("Comentário"), icon="message"))
        register_check(DECIDED, wanted_outcomes)
        for table in TABLES:
            personal_data.register_table(table)
        for block in BLOCKS:
            register_block(block)
        for section in SECTIONS:
            register_search(section)
        for subject in SUBJECTS:
            register_subject(subject)
