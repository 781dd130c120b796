"""Recording of pushed quotes: one streamer at a time, by the way of every quote."""
