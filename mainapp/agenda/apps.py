"""Django's configuration of the agenda."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgendaConfig(AppConfig):
    name = "mainapp.agenda"

    def ready(self) -> None:
        from mainapp.accounts import personal_data  # noqa: PLC0415 - needs loaded models
        from mainapp.agenda import receivers  # noqa: F401, PLC0415 - connects once the models are there
        from mainapp.agenda.blocks import BLOCKS  # noqa: PLC0415 - needs loaded models
        from mainapp.agenda.selectors.person import TABLES  # noqa: PLC0415 - needs loaded models
        from mainapp.agenda.selectors.search import EVENTS  # noqa: PLC0415 - needs loaded models
        from mainapp.agenda.services.complaints import SUBJECT  # noqa: PLC0415 - needs loaded models
        from mainapp.agenda.services.notices import KINDS, wanted  # noqa: PLC0415 - needs loaded models
        from mainapp.core.blocks import register_block  # noqa: PLC0415 - needs loaded models
        from mainapp.core.search import register_search  # noqa: PLC0415 - needs loaded models
        from mainapp.moderation.subjects import register_subject  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.rendering import Appearance, register_appearance  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.services.checks import register_check  # noqa: PLC0415 - needs loaded models

        for kind in KINDS:
            register_appearance(kind, Appearance(label=_("Agenda"), icon="calendar"))
            register_check(kind, wanted)
        for block in BLOCKS:
            register_block(block)
        for table in TABLES:
            personal_data.register_table(table)
        register_search(EVENTS)
        register_subject(SUBJECT)
