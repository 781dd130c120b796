"""Filter of log records about clients' invalid requests."""

import logging


class ClientErrors(logging.Filter):
    """Log an invalid request of a client in one line, as a warning at most.

    Django logs a URL with a control character, an unknown Host or a form with too many fields with
    a traceback, some of them as errors, although anybody can send them at any time.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        status = getattr(record, "status_code", 500)
        if 400 <= status < 500 or record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
            if record.levelno > logging.WARNING:
                record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
