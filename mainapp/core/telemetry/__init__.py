"""Traces for OpenTelemetry and errors for Sentry, each only if its setting names a collector.

Without the settings, neither library is imported. Both send from bounded queues in separate threads
and count what they drop: a collector that is down or hangs delays no request.

Not used: OpenTelemetry's instrumentation packages, which record addresses and queries; its metrics
and logs, which /metrics and LOG_FORMAT=json replace; its batch processor, which does not count what
it drops.
"""
