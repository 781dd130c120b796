"""The hub of `ws/idea/<pk>/`."""

from mainapp.ideas.fanout.hub import IdeaFanout

__all__ = ["IdeaFanout"]
