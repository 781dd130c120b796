"""Tests of streams: formats, connections, rhythm, recording."""
