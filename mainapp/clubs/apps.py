"""Django's configuration of the clubs."""

from django.apps import AppConfig


class ClubsConfig(AppConfig):
    name = "mainapp.clubs"

    def ready(self) -> None:
        from mainapp.accounts.fanout.circles import register_circles  # noqa: PLC0415 - needs loaded models
        from mainapp.accounts.personal_data import register_table  # noqa: PLC0415 - needs loaded models
        from mainapp.clubs import receivers  # noqa: F401, PLC0415 - connects once the models are there
        from mainapp.clubs.blocks import BLOCKS  # noqa: PLC0415 - needs loaded models
        from mainapp.clubs.selectors.audience import CLUB_MEMBERS  # noqa: PLC0415 - needs loaded models
        from mainapp.clubs.selectors.members import CIRCLES  # noqa: PLC0415 - needs loaded models
        from mainapp.clubs.selectors.person import TABLES  # noqa: PLC0415 - needs loaded models
        from mainapp.clubs.selectors.search import SECTION  # noqa: PLC0415 - needs loaded models
        from mainapp.clubs.services.complaints import SUBJECT  # noqa: PLC0415 - needs loaded models
        from mainapp.clubs.services.pictures import CLUB_PICTURES  # noqa: PLC0415 - needs loaded models
        from mainapp.core.audience import register_audience  # noqa: PLC0415 - needs loaded models
        from mainapp.core.blocks import register_block  # noqa: PLC0415 - needs loaded models
        from mainapp.core.pictures.kinds import register_pictures  # noqa: PLC0415 - needs loaded models
        from mainapp.core.search import register_search  # noqa: PLC0415 - needs loaded models
        from mainapp.moderation.subjects import register_subject  # noqa: PLC0415 - needs loaded models

        register_audience(CLUB_MEMBERS)
        register_circles(CIRCLES)
        register_pictures(CLUB_PICTURES)
        register_search(SECTION)
        register_subject(SUBJECT)
        for block in BLOCKS:
            register_block(block)
        for table in TABLES:
            register_table(table)
