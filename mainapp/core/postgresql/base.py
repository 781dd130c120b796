"""Django's PostgreSQL backend with our pool of connections."""

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from mainapp.core.postgresql.pool import Pool


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def pool(self) -> Pool | None:
        """Return this process's pool for the alias; it is stored where Django stores its own."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools: dict[str, Pool] = self._connection_pools  # type: ignore[attr-defined] # not in its stubs
        if self.alias not in pools:
            parameters = {**self.get_connection_params(), "autocommit": True}
            configure = self._configure_connection  # type: ignore[attr-defined] # the same
            pool = Pool(parameters, configure=configure, **options)
            pools.setdefault(self.alias, pool)  # threads may create it at the same time
        return pools[self.alias]
