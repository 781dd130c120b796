"""Celery's transport and result backend on the connection pools of `mainapp.core.redis`.

kombu and Celery parse Redis URLs themselves, and neither accepts a percent-encoded socket path or
several sentinels in one URL. Here both use the same pools as every other client.
"""
