"""The inbox of each user and the outbox of the site.

Whoever has news writes rows: a Notification, and a Delivery for each address that it goes to
(`services.notices`). A worker claims deliveries and sends them (`services.delivering`), and each
web process tells its open sockets of new notifications (`fanout`).
"""
