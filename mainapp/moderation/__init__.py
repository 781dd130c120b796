"""One queue of complaints about messages, files and profiles; suspensions; the moderation log."""
