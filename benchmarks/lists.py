"""Queries and time of the pages and API lists of ideas, the agenda and clubs, on both databases.

Measured with 3 rows, and with 3,000 ideas, 3,000 events and 500 clubs of 50 members, all with the
reader as a member. The pages run in this process, without a server; the best of several rounds
counts.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.alerts import prepare
from benchmarks.rig.processes import ROOT
from benchmarks.rig.readings import BUDGET_MISSED
from tests.postgresql import PostgreSQL
from tests.redis_servers import Server

FEW, MANY, CLUBS, MEMBERS = 3, 3000, 500, 50
READER = "leitora"
ROUNDS = 3
MAX_QUERIES, MAX_CPU_MS = 6, 300.0
LISTS = (
    *("/ideias/", "/ideias/?club={slug}", "/api/v1/ideas/"),
    *("/agenda/", "/agenda/?club={slug}", "/agenda/?view=month", "/api/v1/events/"),
    *("/clubes/", "/api/v1/clubs/", "/clube/{slug}/membros/", "/api/v1/clubs/{slug}/members/"),
)
# Pages made of blocks of several features.
PAGES = ("/clube/{slug}/", "/clube/{slug}/ideias/", "/")


def fill(rows: int, clubs: int) -> None:
    """Add ideas, events, and clubs with 50 members."""
    from django.utils import timezone  # noqa: PLC0415 - after the setup

    from mainapp.accounts.models import User  # noqa: PLC0415 - after the setup
    from mainapp.agenda.management.populating import (  # noqa: PLC0415 - as above
        populate as add_events,
    )
    from mainapp.clubs.management.populating import (  # noqa: PLC0415 - as above
        populate as add_clubs,
    )
    from mainapp.clubs.models import Club, ClubMember  # noqa: PLC0415 - as above
    from mainapp.ideas.management.populate import make_ideas  # noqa: PLC0415 - as above
    from mainapp.ideas.models import Idea  # noqa: PLC0415 - as above

    now = timezone.now()
    add_clubs(clubs=clubs, members=MEMBERS - 1, at=now)
    reader = User.objects.get(username=READER)
    ClubMember.objects.bulk_create(
        ClubMember(club=club, user=reader, role="manager", shares_portfolio=True, joined_at=now)
        for club in Club.objects.exclude(members__user=reader)
    )
    add_events(rows, at=now + timedelta(days=31))
    make_ideas(rows, random.Random(1))  # noqa: S311 - made-up rows
    club = Club.objects.order_by("pk")[0]
    Idea.objects.filter(pk__in=Idea.objects.filter(club=None).values("pk")[: rows // 3]).update(
        club=club
    )


def measure(client: Any, path: str) -> tuple[int, float, float]:
    """Return the queries of a page, and its shortest wall and CPU time in milliseconds."""
    from django.db import connection  # noqa: PLC0415 - after the setup
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 - as above

    walls, cpus, counts = [], [], set()
    for number in range(ROUNDS + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        with CaptureQueriesContext(connection) as queries:
            response = client.get(path)
        assert response.status_code == 200, (path, response.status_code)
        if number:  # the first one fills the caches
            walls.append((time.perf_counter() - wall) * 1000)
            cpus.append((time.process_time() - cpu) * 1000)
            counts.add(len(queries))
    return max(counts), min(walls), min(cpus)


def report(database_url: str, redis_url: str, folder: str) -> int:
    """Print a table of one database; return the exit code."""
    prepare(Path(folder), database_url, redis_url, debug="1")
    from django.db import connection  # noqa: PLC0415 - after the setup
    from django.test import Client  # noqa: PLC0415 - as above

    from mainapp.accounts.models import User  # noqa: PLC0415 - as above
    from mainapp.clubs.models import Club  # noqa: PLC0415 - as above
    from mainapp.market.services.catalogue import load_data  # noqa: PLC0415 - as above

    load_data(ROOT / "data")
    reader = User.objects.create_user(READER)
    fill(FEW, FEW)
    slug = Club.objects.order_by("pk").values_list("slug", flat=True)[0]
    client = Client(HTTP_HOST="localhost")
    client.force_login(reader)
    paths = {path: path.format(slug=slug) for path in (*LISTS, *PAGES)}
    few = {path: measure(client, address) for path, address in paths.items()}
    fill(MANY - FEW, CLUBS - FEW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"{connection.vendor}: queries and ms with {FEW} rows -> {MANY:,} ({CLUBS} clubs)")
    is_met = True
    for path, address in paths.items():
        queries, wall, cpu = measure(client, address)
        before = few[path]
        is_flat = queries <= before[0] if path in PAGES else queries == before[0] <= MAX_QUERIES
        is_fine = is_flat and cpu <= MAX_CPU_MS
        is_met &= is_fine
        counts, missed = f"{before[0]:2} -> {queries:2} queries", "" if is_fine else "  MISSED"
        print(
            f"  {path:<30} {counts}   {before[1]:5.0f} -> {wall:5.0f} ms (CPU {cpu:4.0f}){missed}"
        )
    return 0 if is_met else BUDGET_MISSED


def main() -> None:
    """Measure each database in a process of its own."""
    server = PostgreSQL()
    codes = []
    with tempfile.TemporaryDirectory(prefix="pregao-lists-") as folder, closing(server):
        redis = Server(Path(folder))
        try:
            for url in (f"sqlite:///{folder}/lists.sqlite3", server.url):
                command = [__file__, url, f"redis://127.0.0.1:{redis.port}/0", folder]
                done = subprocess.run([sys.executable, *command], check=False, cwd=ROOT)  # noqa: S603 - ours
                codes.append(done.returncode)
        finally:
            redis.stop()
    print(
        f"  budgets: lists {MAX_QUERIES} queries, the same for both sizes; {MAX_CPU_MS:g} ms of CPU"
    )
    sys.exit(max(codes, key=lambda code: (code not in (0, BUDGET_MISSED), code)))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        os.environ["PYTHONWARNINGS"] = "ignore"
        sys.exit(report(*sys.argv[1:]))
    main()
