"""What is written in the forum: messages, rooms, the keeping of order, reports."""
