"""Changes of columns in migrations that do not rewrite tables where the database need not."""

from typing import Any

from django.db import migrations


class ChangeColumnType(migrations.AlterField):
    """An AlterField that changes nothing but the column's type.

    SQLite stores any number in any numeric column, so nothing happens there: Django would copy the
    whole table.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor != "postgresql" or not self.allow_migrate_model(
            schema_editor.connection.alias, model
        ):
            return
        field, quote = model._meta.get_field(self.name), schema_editor.quote_name
        schema_editor.execute(
            f"ALTER TABLE {quote(model._meta.db_table)} "
            f"ALTER COLUMN {quote(field.column)} TYPE {field.db_type(schema_editor.connection)}"
        )
