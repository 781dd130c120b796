"""Traces for OpenTelemetry and errors for Sentry, each only if its setting names a collector.

Without the settings nothing of either is imported. Both send in threads of their own from bounded
queues, and count what they drop: a collector that is down or hangs delays no request.

Refused: OpenTelemetry's instrumentation packages, which record addresses and queries, and its
metrics and logs, which /metrics and LOG_FORMAT=json replace; its batch processor, which does not
count what it drops.
"""
