"""Agenda: events with seats, a waiting list and reminders, and their calendar files."""
