"""Writing notifications, marks, channels and deliveries; sending what is due."""
