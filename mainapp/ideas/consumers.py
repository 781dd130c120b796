"""`ws/idea/<pk>/`: the live price of an idea, its comments, and its outcome."""

from mainapp.core.consumers import UNKNOWN_PATH, BaseConsumer
from mainapp.core.realtime import OnePerLoop, query
from mainapp.ideas.events import price_frame
from mainapp.ideas.fanout import IdeaFanout
from mainapp.ideas.models import Idea
from mainapp.ideas.policies import SOCKET
from mainapp.ideas.selectors.live import DatabaseArchive, open_idea

idea_hub = OnePerLoop(IdeaFanout, DatabaseArchive())


class IdeaConsumer(BaseConsumer):
    """A reader of one idea. The socket of an idea that the user may not see closes with 4404."""

    policy = SOCKET
    hub: IdeaFanout
    idea_pk: int | None = None
    user_id: int | None = None

    async def opened(self) -> None:
        self.user_id = self.scope["user"].pk
        pk = self.scope["url_route"]["kwargs"]["pk"]
        self.hub = idea_hub()
        await self.hub.ready()
        try:
            idea, price = await query(open_idea, pk, self.scope["user"])
        except Idea.DoesNotExist:
            await self.close(UNKNOWN_PATH)
            return
        self.idea_pk = pk
        self.hub.join(self, idea)
        await self.reply(dict(idea.status))
        if price is not None and idea.is_live:
            await self.reply(price_frame(idea, price))
        await self.hub.check([pk])  # what changed between the query and the joining

    def left(self) -> None:
        if self.idea_pk is not None:
            self.hub.leave(self, self.idea_pk)
