"""Pages of the inbox, of channels and of the staff's notices."""
