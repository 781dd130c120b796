"""The migration that names the kind of quotes of rows, which once were only simulated or not."""

from collections.abc import Collection
from typing import Any

from django.db.migrations.operations.base import Operation

from mainapp.market.models.fields import IsSimulatedField, QuoteKindField


class AddQuoteKinds(Operation):
    """Add the kind of quotes to models of an app, and fill it.

    One operation for all models and columns: Django renders the models anew after each.
    """

    def __init__(self, models: Collection[str], field: str = "kind") -> None:
        self.models = models
        self.field = field

    def deconstruct(self) -> Any:
        return type(self).__qualname__, [self.models, self.field], {}

    def describe(self) -> str:
        return "Name the kind of quotes"

    def state_forwards(self, app_label: str, state: Any) -> None:
        for name in self.models:
            fields = state.models[app_label, name].fields
            fields |= {self.field: QuoteKindField(), "simulated": IsSimulatedField(self.field)}
        state.reload_models([(app_label, name) for name in self.models], delay=True)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        for before, model in self._changed(app_label, schema_editor, from_state, to_state):
            field = model._meta.get_field
            schema_editor.add_field(before, field(self.field))
            schema_editor.alter_field(
                model, before._meta.get_field("simulated"), field("simulated")
            )
            rows = model.objects.using(schema_editor.connection.alias).filter(simulated=True)
            if "source" in {column.name for column in model._meta.fields}:
                rows.filter(source="replay").update(**{self.field: "replay", "simulated": None})
            rows.update(**{self.field: "simulated"})

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Delete replays too, which the last version cannot tell from the simulated market."""
        for model, before in self._changed(app_label, schema_editor, from_state, to_state):
            rows = model.objects.using(schema_editor.connection.alias)
            rows.filter(**{self.field: "replay"}).delete()
            if schema_editor.connection.vendor == "postgresql":
                # A table whose foreign keys wait to be checked cannot be altered.
                schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")
            field = model._meta.get_field
            schema_editor.alter_field(
                model, field("simulated"), before._meta.get_field("simulated")
            )
            schema_editor.remove_field(model, field(self.field))

    def _changed(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> Any:
        for name in self.models:
            model = to_state.apps.get_model(app_label, name)
            if self.allow_migrate_model(schema_editor.connection.alias, model):
                yield from_state.apps.get_model(app_label, name), model
