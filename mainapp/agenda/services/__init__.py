"""Changes to events, orders, reminders and calendar links."""
