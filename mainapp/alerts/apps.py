"""Django's configuration of the alerts feature."""

from dataclasses import replace

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    name = "mainapp.alerts"

    def ready(self) -> None:
        from mainapp.accounts import personal_data  # noqa: PLC0415 - needs loaded models
        from mainapp.alerts import receivers  # noqa: F401, PLC0415 - needs loaded models
        from mainapp.alerts.blocks import BLOCKS  # noqa: PLC0415 - needs loaded models
        from mainapp.alerts.rendering import symbol_in  # noqa: PLC0415 - needs loaded models
        from mainapp.alerts.selectors import person  # noqa: PLC0415 - needs loaded models
        from mainapp.alerts.selectors.needs import needed_symbols  # noqa: PLC0415 - needs loaded models
        from mainapp.alerts.selectors.shared import wanted_shared  # noqa: PLC0415 - needs loaded models
        from mainapp.alerts.services.announcing import FIRED, SHARED_FIRED, SPLIT  # noqa: PLC0415 - needs loaded models
        from mainapp.alerts.services.mailing import firing_pushes, firing_wordings  # noqa: PLC0415 - needs loaded models
        from mainapp.core.blocks import register_block  # noqa: PLC0415 - needs loaded models
        from mainapp.market.watch import register_need  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.rendering import Appearance, register_appearance  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.services.checks import register_check  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.services.writing import (  # noqa: PLC0415 - needs loaded models
            register_push_renderer,
            register_renderer,
        )

        for table in person.TABLES:
            personal_data.register_table(table)
        register_need(needed_symbols)
        register_renderer(FIRED, firing_wordings)
        register_push_renderer(FIRED, firing_pushes)
        fired = Appearance(label=_("Alerta"), icon="bell", symbol_of=symbol_in)
        register_appearance(FIRED, fired)
        register_appearance(SHARED_FIRED, replace(fired, label=_("Alerta do clube")))
        register_check(SHARED_FIRED, wanted_shared)
        register_appearance(SPLIT, Appearance(label=_("Desdobramento"), icon="split", tone="amber"))

        for block in BLOCKS:
            register_block(block)
