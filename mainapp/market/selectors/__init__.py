"""Reads across rows: the catalogue, candles, lists, rejected quotes."""
