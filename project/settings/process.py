"""The process: its data folder, its keys, and the hosts that it answers."""

from project.environment import BASE_DIR, MIN_KEY, Refusal, env

DEBUG = env.boolean("DEBUG", default=False)
DATA_DIR = env.path("DATA_DIR", BASE_DIR / "var")
# Processes of `project.serve`.
WEB_CONCURRENCY = env.integer("WEB_CONCURRENCY", default=1, minimum=1, maximum=256)

SECRET_KEY = env.secret("SECRET_KEY") or ("only-for-debugging" if DEBUG else "")
if not SECRET_KEY:
    raise Refusal("SECRET_KEY is not set: set it to a long random value")
SECRET_KEY_FALLBACKS = env.keys("SECRET_KEY_FALLBACKS")
# The private key of web push; empty: the one in DATA_DIR, which the set-up creates.
VAPID_KEY = env.secret("VAPID_KEY")
# Encrypts the secrets of second factors; empty: the key file in DATA_DIR, which `setup` creates.
MFA_KEY = env.secret("MFA_KEY")
if MFA_KEY and (len(MFA_KEY) < MIN_KEY or "," in MFA_KEY):
    raise Refusal(f"MFA_KEY takes a key of at least {MIN_KEY} characters, without commas")
MFA_KEY_FALLBACKS = env.keys("MFA_KEY_FALLBACKS")

ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
HTTPS = env.boolean("HTTPS", default=not DEBUG)
