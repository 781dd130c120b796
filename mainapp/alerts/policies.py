"""How many alerts one person may have."""

ALERT_LIMIT = 200
