"""Pages of the inbox, the channels and the staff's broadcasts."""
