"""Django's configuration of moderation."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "mainapp.moderation"

    def ready(self) -> None:
        from mainapp.core.audience import register_audience  # noqa: PLC0415 - needs loaded models
        from mainapp.core.blocks import register_block  # noqa: PLC0415 - needs loaded models
        from mainapp.moderation.blocks import BLOCKS  # noqa: PLC0415 - needs loaded models
        from mainapp.moderation.selectors.cases import DECIDERS  # noqa: PLC0415 - needs loaded models
        from mainapp.moderation.services.profiles import PROFILE  # noqa: PLC0415 - needs loaded models
        from mainapp.moderation.subjects import register_subject  # noqa: PLC0415 - needs loaded models

        register_audience(DECIDERS)
        register_subject(PROFILE)
        for block in BLOCKS:
            register_block(block)
