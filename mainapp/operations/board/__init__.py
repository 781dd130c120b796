"""What processes share through Redis: their measurements, and the snapshot of the dashboard."""

from mainapp.operations.board.meters import BOUNDS_S, REGISTRY, Meter, Reading, meter, readings

__all__ = ["BOUNDS_S", "REGISTRY", "Meter", "Reading", "meter", "readings"]
