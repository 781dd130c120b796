"""Writing of notifications, marks, channels and deliveries; sending of due deliveries."""
