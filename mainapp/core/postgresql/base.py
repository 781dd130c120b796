"""Django's PostgreSQL backend with our pool of connections."""

from typing import Any

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from mainapp.core.postgresql.pool import Pool


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def pool(self) -> Pool | None:
        """Return the process's pool, by Django's registry of pools."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools: dict[str, Any] = self._connection_pools
        if self.alias not in pools:
            parameters = {**self.get_connection_params(), "autocommit": True}
            pool = Pool(parameters, configure=self._configure_connection, **options)
            pools.setdefault(self.alias, pool)  # threads may create it at the same time
        created: Pool = pools[self.alias]
        return created
