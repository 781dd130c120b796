"""Recording of pushed quotes: one streamer at a time, through the checks of polled quotes."""
