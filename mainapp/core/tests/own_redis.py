"""A separate Redis server for a test to kill, freeze and restart."""

import asyncio
import signal

import redis
from django.conf import settings as django_settings

from mainapp.core.redis import channel_layers
from mainapp.core.tests.pipes import until
from project.embedded import answers, redis_server


def point_at(settings, url):
    """Configure the Redis at `url`, which need not be running."""
    settings.REDIS_URL = url
    settings.CHANNEL_LAYERS = channel_layers(url, django_settings.REDIS_PREFIX)


class OwnRedis:
    def __init__(self, folder):
        self.path = folder / "own.sock"
        self.url = f"unix://{self.path}"

    async def start(self):
        self.path.unlink(missing_ok=True)
        options = ("--port", "0", "--unixsocket", self.path, "--save", "", "--dir", ".")
        self.process = await asyncio.create_subprocess_exec(
            redis_server(), *options, stdout=asyncio.subprocess.DEVNULL, cwd=self.path.parent
        )
        # The socket's path exists before the server listens on it.
        await until(lambda: answers(self.path))

    async def kill(self):
        self.process.kill()
        await self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def client(self):
        return redis.Redis.from_url(self.url)

    def subscribers(self, group):
        """Return the number of connections subscribed to a group of the channel layer."""
        channel = f"{django_settings.CHANNEL_LAYERS['default']['CONFIG']['prefix']}__group__{group}"
        return self.client().pubsub_numsub(channel)[0][1]
