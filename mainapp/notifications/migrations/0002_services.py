"""A channel kind for each chat service; Apprise addresses are converted by their scheme."""

import re
import secrets

from django.db import migrations, models

SERVICE = "apprise"  # the former kind of all chat services
KINDS = [
    ("email", "E-mail"),
    ("webhook", "Webhook"),
    ("telegram", "Telegram"),
    ("discord", "Discord"),
    ("slack", "Slack"),
    ("pushover", "Pushover"),
    ("ntfy", "ntfy"),
    ("gotify", "Gotify"),
    ("apprise", "Outro serviço"),
]
TELEGRAM = re.compile(r"tgram://(?:bot)?([0-9]+(?::|%3A|/)[\w-]+)/(.+)", re.I)
CHAT = re.compile(r"(?:(-?[0-9]{1,20})|(?:@|%40)?([a-z][a-z0-9_]{3,31}))((?::|%3A)[0-9]+)?", re.I)
DISCORD = re.compile(r"discord://(?:[^@/]*@)?([0-9]{5,25})/([\w-]+)/?")
SLACK = re.compile(r"slack://(?:[^@/]*@)?(T[A-Z0-9]+)/(B[A-Z0-9]+)/([A-Za-z0-9]+)(?:/.*)?")
PUSHOVER = re.compile(r"pover://([A-Za-z0-9]{30})@([A-Za-z0-9]{30})(?:/.*)?")
NTFY = re.compile(r"ntfys?://([\w-]+)/?")
NTFY_SERVER = re.compile(r"ntfys://(?:(tk_\w+)@)?([\w.-]+\.[\w-]+)/([\w-]+)/?")
GOTIFY = re.compile(r"gotifys://([\w.-]+(?:/[\w./-]+)?)/([A-Za-z0-9._-]{10,64})/?")
JSON = re.compile(r"json(s?)://([^@/?#]+)(/[^?#]*)?")


def convert(url):
    """Return (kind, address, secret) of each target of an Apprise URL; [] if not convertible."""
    if match := TELEGRAM.fullmatch(url):
        token = re.sub("%3A|/", ":", match[1], count=1, flags=re.I)
        chats = [CHAT.fullmatch(chat) for chat in match[2].split("/") if chat]
        if not all(chats):
            return []
        return [
            (
                "telegram",
                (chat[1] or f"@{chat[2]}") + re.sub("%3A", ":", chat[3] or "", flags=re.I),
                token,
            )
            for chat in chats
        ]
    if match := DISCORD.fullmatch(url):
        return [("discord", f"https://discord.com/api/webhooks/{match[1]}", match[2])]
    if match := SLACK.fullmatch(url):
        return [("slack", f"https://hooks.slack.com/services/{match[1]}/{match[2]}", match[3])]
    if match := PUSHOVER.fullmatch(url):
        return [("pushover", match[1], match[2])]
    if match := NTFY.fullmatch(url):
        return [("ntfy", f"https://ntfy.sh/{match[1]}", "")]
    if match := NTFY_SERVER.fullmatch(url):
        return [("ntfy", f"https://{match[2]}/{match[3]}", match[1] or "")]
    if match := GOTIFY.fullmatch(url):
        return [("gotify", f"https://{match[1]}", match[2])]
    if match := JSON.fullmatch(url):
        address = f"http{match[1]}://{match[2]}{match[3] or '/'}"
        return [("webhook", address, secrets.token_urlsafe(32))]
    return []


def revert(kind, address, secret):
    """Return the Apprise URL of a channel, "" for kinds without one."""
    bare = address.removeprefix("https://")
    if kind == "telegram":
        return f"tgram://{secret}/{address}"
    if kind == "discord":
        return f"discord://{bare.removeprefix('discord.com/api/webhooks/')}/{secret}"
    if kind == "slack":
        return f"slack://{bare.partition('/services/')[2]}/{secret}"
    if kind == "pushover":
        return f"pover://{address}@{secret}"
    if kind == "ntfy":
        bare = bare.removeprefix("ntfy.sh/")
        return f"ntfys://{secret}@{bare}" if secret else f"ntfys://{bare}"
    if kind == "gotify":
        return f"gotifys://{bare}/{secret}"
    return ""


def to_services(apps, schema_editor):
    Channel = apps.get_model("notifications", "Channel")
    Delivery = apps.get_model("notifications", "Delivery")
    for channel in Channel.objects.filter(kind=SERVICE).order_by("pk"):
        url = channel.address
        free = [
            target
            for target in convert(url)
            # Channels are unique by address: a second spelling of one address is not converted.
            if not Channel.objects.filter(
                user=channel.user_id, kind=target[0], address=target[1]
            ).exists()
        ]
        for number, (kind, address, secret) in enumerate(dict(_by_place(free)).values()):
            channel.pk = channel.pk if number == 0 else None  # a further chat becomes a new channel
            channel.kind, channel.address, channel.secret = kind, address, secret
            channel.save(force_insert=number > 0)
    # Past deliveries stay in the owner's list, without the secret in their address.
    for url in Delivery.objects.filter(kind=SERVICE).values_list("address", flat=True).distinct():
        for kind, address, _secret in convert(url)[:1]:
            Delivery.objects.filter(kind=SERVICE, address=url).update(kind=kind, address=address)


def _by_place(targets):
    return [((kind, address), (kind, address, secret)) for kind, address, secret in targets]


def to_apprise(apps, schema_editor):
    Channel = apps.get_model("notifications", "Channel")
    Delivery = apps.get_model("notifications", "Delivery")
    services = [kind for kind, _label in KINDS if kind not in ("email", "webhook", SERVICE)]
    for channel in Channel.objects.filter(kind__in=services):
        url = revert(channel.kind, channel.address, channel.secret)
        while Channel.objects.filter(user=channel.user_id, kind=SERVICE, address=url).exists():
            url += "/"  # another spelling of the same address, which is not used yet
        Delivery.objects.filter(channel=channel).update(kind=SERVICE, address=url)
        channel.kind, channel.address, channel.secret = SERVICE, url, ""
        channel.save()
    Delivery.objects.filter(kind__in=services).update(kind=SERVICE)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [
        migrations.AlterField("channel", "secret", models.CharField(blank=True, max_length=255)),
        migrations.AlterField("channel", "kind", models.CharField(choices=KINDS, max_length=8)),
        migrations.AlterField("delivery", "kind", models.CharField(choices=KINDS, max_length=8)),
        migrations.RunPython(to_services, to_apprise),
    ]
