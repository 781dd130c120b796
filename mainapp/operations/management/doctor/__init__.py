"""The checks of `doctor`, in the order of its lines."""

from mainapp.operations.management.doctor import (
    configuration,
    databases,
    files,
    outside,
    redis,
    versions,
)
from mainapp.operations.management.doctor.findings import Check

CHECKS = {
    "settings": Check(configuration.check_settings),
    "database": Check(databases.check_database),
    "migrations": Check(databases.check_migrations, 8.0),
    "database clock": Check(databases.check_clock),
    "audit": Check(databases.check_audit),
    "redis": Check(redis.check_redis),
    "redis clock": Check(redis.check_clock),
    "worker": Check(redis.check_worker),
    "beat": Check(redis.check_beat),
    "stream": Check(redis.check_stream),
    "batch": Check(redis.check_batch),
    "outbox": Check(redis.check_outbox),
    "mail": Check(outside.check_mail, 8.0),
    "sources": Check(outside.check_sources, 10.0),
    "web push": Check(configuration.check_web_push),
    "quotas": Check(configuration.check_quotas),
    "disk": Check(files.check_disk),
    "permissions": Check(files.check_permissions),
    "static files": Check(files.check_static_files, 8.0),
    "backups": Check(files.check_backups),
    "python": Check(versions.check_python),
    "packages": Check(versions.check_packages),
    "processes": Check(versions.check_processes),
}
