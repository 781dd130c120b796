"""E-mail, and the addresses that the site writes and calls."""

from project.environment import env
from project.mail import read_mail_settings
from project.settings.process import CSRF_TRUSTED_ORIGINS, DATA_DIR, DEBUG
from project.site_url import own_url, read_site_url

_mail = read_mail_settings()
EMAIL_HOST = _mail.host
EMAIL_PORT = _mail.port
EMAIL_HOST_USER = _mail.user
EMAIL_HOST_PASSWORD = _mail.password
EMAIL_SECURITY = _mail.security
# Campaign e-mails per minute, for the whole site; 0: no limit.
MAILS_A_MINUTE = env.integer("MAILS_A_MINUTE", default=0)
EMAIL_FILE_PATH = DATA_DIR / "mail"
# Pages write mail to the outbox; a worker sends it to EMAIL_HOST, or into files.
EMAIL_BACKEND = "mainapp.notifications.backends.OutboxBackend"
DEFAULT_FROM_EMAIL = _mail.sender
# The start of every link that leaves the site.
_site_url = read_site_url(CSRF_TRUSTED_ORIGINS, must_be_known=bool(EMAIL_HOST) and not DEBUG)
IS_SITE_URL_SET = bool(_site_url)
SITE_URL = _site_url or own_url()

# Servers in the site's own network that users may name as webhook, ntfy or Gotify.
ALLOWED_PRIVATE_TARGETS = env.private_targets("ALLOWED_PRIVATE_TARGETS")
