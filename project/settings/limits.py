"""Limits and quotas."""

from project.environment import env

API_REQUESTS_A_MINUTE_ADDRESS = env.integer("API_REQUESTS_A_MINUTE_ADDRESS", default=600, minimum=1)
API_REQUESTS_A_MINUTE_USER = env.integer("API_REQUESTS_A_MINUTE_USER", default=300, minimum=1)
PAGES_A_MINUTE_ADDRESS = env.integer("PAGES_A_MINUTE_ADDRESS", default=1_200, minimum=1)
PAGES_A_MINUTE_USER = env.integer("PAGES_A_MINUTE_USER", default=300, minimum=1)
SOCKETS_A_MINUTE_ADDRESS = env.integer("SOCKETS_A_MINUTE_ADDRESS", default=1_200, minimum=1)
SOCKETS_A_MINUTE_USER = env.integer("SOCKETS_A_MINUTE_USER", default=300, minimum=1)
SOCKETS_PER_ADDRESS = env.integer("SOCKETS_PER_ADDRESS", default=1_000, minimum=1)
SOCKETS_PER_USER = env.integer("SOCKETS_PER_USER", default=100, minimum=1)
SOCKET_TOKEN_IN_URL = env.boolean("SOCKET_TOKEN_IN_URL", default=False)
# Quotas: `setup` copies them into the default plan once; from then on its rules apply.
ROOMS_A_DAY = env.integer("ROOMS_A_DAY", default=20)
CLUB_MAX_ROOMS = env.integer("CLUB_MAX_ROOMS", default=20)
CLUB_UPLOADS_A_DAY = env.integer("CLUB_UPLOADS_A_DAY", default=200)
GROUPS_A_DAY = env.integer("GROUPS_A_DAY", default=20)
CLUBS_A_DAY = env.integer("CLUBS_A_DAY", default=5)
CLUB_MAX_MEMBERS = env.integer("CLUB_MAX_MEMBERS", default=200, minimum=1)
IDEAS_A_DAY = env.integer("IDEAS_A_DAY", default=20)
UPLOADS_A_DAY = env.integer("UPLOADS_A_DAY", default=50)
PICTURES_A_DAY = env.integer("PICTURES_A_DAY", default=10)
IMPORTS_A_DAY = env.integer("IMPORTS_A_DAY", default=10)
EVENTS_A_DAY = env.integer("EVENTS_A_DAY", default=5)
REPORTS_A_DAY = env.integer("REPORTS_A_DAY", default=20)
COMPLAINTS_A_DAY = env.integer("COMPLAINTS_A_DAY", default=30)
NEW_ACCOUNT_DAYS = env.integer("NEW_ACCOUNT_DAYS", default=0)
