"""The inbox of each user and the outbox of the site.

Other features write rows: a Notification, and a Delivery for each address that it goes to
(`services.notices`). A worker claims deliveries and sends them (`services.delivering`), and each
web process sends new notifications to its open sockets (`fanout`).
"""
