"""Logging of requests that are wrong in themselves."""

import logging


class ClientErrors(logging.Filter):
    """Log what a client sent wrongly in one line, as a warning at most.

    Django logs an address with a control character, an unknown Host or a form with too many fields
    with a traceback, and some as errors. Anybody can send them at any time.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", 500)
        if 400 <= status < 500 or record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
            if record.levelno > logging.WARNING:
                record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
