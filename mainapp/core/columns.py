"""Changes of columns in migrations that do not rewrite tables where the database need not."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.migrations.operations.base import Operation


class ChangeColumnTypes(Operation):
    """Change the types of some of a model's columns, in one statement, and nothing else.

    SQLite stores any number in any numeric column, so nothing happens there: Django's AlterField
    would copy the whole table, once a column.
    """

    def __init__(self, model_name: str, fields: "Mapping[str, models.Field[Any, Any]]") -> None:
        self.model_name = model_name
        self.fields = fields

    def deconstruct(self) -> Any:
        return type(self).__qualname__, [self.model_name, self.fields], {}

    def describe(self) -> str:
        return f"Change the types of columns of {self.model_name}"

    def state_forwards(self, app_label: str, state: Any) -> None:
        key = (app_label, self.model_name)
        state.models[key].fields.update(self.fields)
        state.reload_model(*key, delay=True)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        connection, quote = schema_editor.connection, schema_editor.quote_name
        model = to_state.apps.get_model(app_label, self.model_name)
        if connection.vendor != "postgresql" or not self.allow_migrate_model(
            connection.alias, model
        ):
            return
        fields = [model._meta.get_field(name) for name in self.fields]
        changes = ", ".join(
            f"ALTER COLUMN {quote(field.column)} TYPE {field.db_type(connection)}"
            for field in fields
        )
        schema_editor.execute(f"ALTER TABLE {quote(model._meta.db_table)} {changes}")

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self.database_forwards(app_label, schema_editor, from_state, to_state)
