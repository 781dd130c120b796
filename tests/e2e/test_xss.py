"""Script injection through every text field that users can fill, tested in Chromium.

The Content-Security-Policy is bypassed, so that only the pages' escaping protects them. The pages
are also searched for event handlers and URLs that a click would run. At the end, pages are loaded
with the policy, which must report no violation.

Each payload is sent through the forms of long texts and shown on the pages that list the stored
strings. Short fields, which hold one or two payloads, take a quarter of them: for all of them
a form would be sent 150 times, which `make audit` does. In every run, names of 500 characters with
all payloads are written into the database and shown on all pages.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import date, timedelta
from itertools import zip_longest
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.payloads import PAYLOADS
from tests.e2e.people import post_form
from tests.e2e.test_forum import create_room, fill_room, log_in
from tests.instances import Instance

AT_ONCE = 6
ROOMS = 20  # the daily limit of a user, and the size of a page of the forum
MAX_STORED_LENGTH = (
    500  # of text that is written into the database, whatever its column's form allows
)
SHORT = PAYLOADS if os.environ.get("XSS_ALL") else PAYLOADS[::4]  # for short fields
PRINTABLE = [text for text in PAYLOADS if text.isprintable()]  # names take no others
SHORT_PRINTABLE = [text for text in SHORT if text.isprintable()]
Form = tuple[str, dict[str, str]]
HOOK = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt"]) window[name] = () => window.ran.push(name);
window.seen = (root) => {
  const found = [];
  for (const one of [root, ...root.querySelectorAll("*")]) {
    if (["SCRIPT", "IFRAME", "OBJECT", "EMBED", "BASE"].includes(one.tagName)) {
      const isOurs = one.src?.startsWith(location.origin) || one.type === "application/json";
      if (!isOurs) found.push(one.outerHTML.slice(0, 200));
    }
    for (const { name, value } of one.attributes ?? []) {
      const isAddress = /^(href|src|action|formaction|data|srcdoc|xlink:href)$/i.test(name);
      const isFine = /^(https?:|mailto:|\\/(?!\\/)|#|\\?|$)/i.test(value);
      const isHandler = /^(on|hx-on|style$)/i.test(name);
      if (isHandler || (isAddress && !isFine)) found.push(`${name}=${value}`);
    }
  }
  return found;
};
document.addEventListener("securitypolicyviolation", (event) => {
  window.ran.push(`${event.violatedDirective} ${event.sample}`);
});
"""
# Shows each page, or a form's response, in a frame without the site's own scripts. Returns the code
# that ran or could run, and the redirect of each form.
SHOW = """
async ([addresses, atOnce]) => {
  const found = [];
  const scripts = /<script [^>]*src="\\/[^>]*><\\/script>/g;
  const sheets = /<link rel="stylesheet"[^>]*>/g;
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const read = ([path, fields]) => fields ? fetch(path, {
    method: "POST",
    body: new URLSearchParams({ csrfmiddlewaretoken: token, ...fields }),
  }) : fetch(path);
  const show = async (address) => {
    const path = address[0];
    const answer = await read(address);
    const html = (await answer.text()).replace(scripts, "").replace(sheets, "");
    const frame = document.createElement("iframe");
    const hook = "window.alert = window.confirm = window.prompt = () => parent.ran.push(" +
      JSON.stringify(path) + ")";
    frame.srcdoc = "<script>" + hook + "</" + "script>" + html;
    const loaded = new Promise((resolve) => (frame.onload = resolve));
    document.body.append(frame);
    await Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, 3000))]);
    const root = frame.contentDocument.documentElement;
    frame.contentDocument.querySelector("script").remove(); // the hook
    for (const one of window.seen(root)) found.push(`${path}: ${one}`);
    frame.remove();
    return answer.redirected ? new URL(answer.url).pathname : "";
  };
  const queue = addresses.map((address, n) => [n, address]);
  const led = [];
  const work = async () => {
    while (queue.length) {
      const [n, address] = queue.shift();
      led[n] = await show(address);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return [[...found, ...window.ran], led];
}
"""
WRITE = """
async ([path, texts, edits]) => {
  const ws = new WebSocket(`ws://${location.host}/ws${path}`);
  const next = (types) => new Promise((resolve) => {
    const hear = ({ data }) => {
      const frame = JSON.parse(data);
      if (!types.includes(frame.type)) return;
      ws.removeEventListener("message", hear);
      resolve(frame);
    };
    ws.addEventListener("message", hear);
    setTimeout(() => resolve({ type: "silence" }), 5000);
  });
  await next(["room"]);
  const answers = [];
  let seq = 0;
  for (const body of texts) {
    const answer = next(["ack", "error"]);
    const client_id = "00000000-0000-4000-8000-" + String(answers.length).padStart(12, "0");
    ws.send(JSON.stringify({ type: "send", client_id, body }));
    answers.push((await answer).type);
    seq = (await answer).seq ?? seq;
  }
  for (const body of edits) {
    const answer = next(["edited", "error"]);
    ws.send(JSON.stringify({ type: "edit", seq, body }));
    answers.push((await answer).type);
  }
  ws.close();
  return answers;
}
"""


@pytest.fixture
def open_without_policy(browser: Browser, site) -> Iterator[Callable[[], Page]]:
    """Return a function that opens a new user's page without the Content-Security-Policy."""
    contexts = []

    def open_() -> Page:
        context = browser.new_context(base_url=site.url, locale="pt-BR", bypass_csp=True)
        context.add_init_script(HOOK)
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        log_in(page)
        return page

    yield open_
    for context in contexts:
        context.close()


def post(page: Page, path: str, **form: str) -> str:
    """Post a form; return the path that it redirects to, or "" if the form was refused."""
    answer = post_form(page, path, **form)
    assert answer.status in (200, 302, 422), (path, answer.status)
    return answer.headers.get("location", "")


def pack(limit: int, joint: str = " ", texts: Iterable[str] = PAYLOADS) -> list[str]:
    """Join payloads into as few texts of at most `limit` characters; longer ones are cut."""
    made: list[str] = []
    for payload in texts:
        text = payload[:limit]
        fitting = (n for n, one in enumerate(made) if len(one + joint + text) <= limit)
        if (n := next(fitting, None)) is None:
            made.append(text)
        else:
            made[n] += joint + text
    return made


def write_rows(site: Instance, table: str, columns: str, rows: Iterable[tuple[str, ...]]) -> None:
    """Update columns without the application's checks; the second value of a row is its key."""
    path = site.data_dir / "pregao.sqlite3"
    with closing(sqlite3.connect(path, timeout=10)) as database, database:
        database.executemany(f"UPDATE {table} SET {columns} WHERE id = ?2", rows)  # noqa: S608 - ours


def check_pages(page: Page, paths: Iterable[str]) -> None:
    found, _led = page.evaluate(SHOW, [[[path] for path in paths], AT_ONCE])
    assert found == []


def check_forms(page: Page, forms: list[Form], *, at_once: int = AT_ONCE) -> list[str]:
    """Send forms, check their responses, and return the redirects ("" if refused)."""
    found, locations = page.evaluate(SHOW, [forms, at_once])
    assert found == []
    return locations


def send_all(page: Page, forms: Iterable[Form], paths: Iterable[str] = ()) -> list[str]:
    """Send forms, check the pages of refused forms and `paths`, and return the redirects."""
    sent = [(form, post(page, form[0], **form[1])) for form in forms]
    check_forms(page, [form for form, locations in sent if not locations])
    check_pages(page, paths)
    return [locations for _form, locations in sent]


def test_there_are_at_least_200_payloads():
    assert len(PAYLOADS) >= 200


@pytest.mark.timeout(180)
def test_texts_of_a_room_do_not_run(open_without_policy, site):
    page = open_without_policy()
    texts = zip_longest(
        pack(80, texts=SHORT), pack(40, texts=SHORT), pack(500, "\n"), fillvalue="x"
    )
    fields = [
        {"name": name, "topic": topic, "description": description}
        for name, topic, description in texts
    ]
    locations = check_forms(page, [("/create-room/", one) for one in fields[:ROOMS]])
    numbers = [path.split("/")[2] for path in locations if path]
    assert len(numbers) == ROOMS
    check_pages(page, ["/forum/"])
    for start in range(ROOMS, len(fields), ROOMS):
        some = zip(numbers, fields[start : start + ROOMS], strict=False)
        locations += send_all(page, [(f"/update-room/{pk}/", one) for pk, one in some], ["/forum/"])
    assert sum(bool(path) for path in locations) >= 0.95 * len(fields)

    rooms = list(zip(pack(MAX_STORED_LENGTH), numbers, strict=False))
    assert len(rooms) < ROOMS
    columns = "name = ?1, topic = ?1, description = ?1"
    write_rows(site, "forum_room", columns, rooms)
    pages = ("/room/{}/", "/update-room/{}/", "/delete-room/{}/", "/room/{}/moderation/")
    check_pages(page, ["/forum/", *(one.format(pk) for _text, pk in rooms for one in pages)])


@pytest.mark.timeout(180)
def test_messages_do_not_run_by_form_or_socket(open_without_policy, open_page):
    writer, reader = open_without_policy(), open_without_policy()
    path = create_room(writer)
    reader.goto(path)
    reader.evaluate(
        """() => {
            window.found = [];
            new MutationObserver(() => {
                window.found.push(...window.seen(document.querySelector(".talk-log")));
            }).observe(document.querySelector(".talk-log"), { childList: true, subtree: true });
        }"""
    )
    texts, edits = pack(1800, "\n\n"), pack(620, "\n\n")  # few enough for the rate limits
    assert (len(texts) <= 9, len(edits) <= 20) == (True, True)
    assert all(post(reader, path, body=text).endswith("#end") for text in texts)
    answers = writer.evaluate(WRITE, [path, texts, edits])
    assert answers == ["ack"] * len(texts) + ["edited"] * len(edits)
    reader.locator(f".msg >> nth={2 * len(texts) - 1}").wait_for()
    for page in (reader, writer):
        page.goto(path)
        page.locator(f".msg >> nth={2 * len(texts) - 1}").wait_for()
    assert reader.evaluate("[...window.ran, ...(window.found ?? [])]") == []
    check_pages(writer, [path, "/forum/"])
    guarded = open_page("/forum/")
    guarded.context.add_init_script(HOOK)
    for address in (path, "/forum/"):
        guarded.goto(address)
        guarded.wait_for_load_state()
        assert guarded.evaluate("window.ran") == []


@pytest.mark.timeout(180)
def test_names_and_bios_do_not_run(open_without_policy, site):
    page = open_without_policy()
    texts = zip_longest(pack(60, texts=SHORT_PRINTABLE), pack(500, "\n", PRINTABLE), fillvalue="x")
    forms = [("/update-profile/", {"display_name": name, "bio": bio}) for name, bio in texts]
    bios = len(pack(500, "\n", PRINTABLE))
    # One at a time: all forms are of the same user.
    locations = check_forms(page, forms[:bios], at_once=1)
    locations += send_all(page, forms[bios:])
    assert sum(bool(path) for path in locations) >= 0.95 * len(forms)

    room = create_room(page)
    post(page, room, body="oi")
    profile = next(filter(None, locations))
    pages = [profile, "/update-profile/", room, f"{room}moderation/", "/forum/"]
    for text in pack(MAX_STORED_LENGTH):
        person = (text, profile.split("/")[2])
        write_rows(site, "accounts_user", "display_name = ?1, bio = ?1", [person])
        check_pages(page, pages)


@pytest.mark.timeout(180)
def test_names_of_lists_do_not_run(open_without_policy, site):
    page = open_without_policy()
    page.goto("/watchlists/")
    wide = pack(MAX_STORED_LENGTH)
    lists = [post(page, "/watchlists/", name=f"Lista {n}") for n in range(len(wide))]
    names = pack(60, texts=SHORT_PRINTABLE)
    locations = []
    for start in range(0, len(names), len(lists)):
        some = zip(lists, names[start : start + len(lists)], strict=False)
        forms = [(f"{one}rename/", {"name": name}) for one, name in some]
        locations += send_all(page, forms, ["/watchlists/"])
    assert sum(bool(path) for path in locations) >= 0.95 * len(names)

    keys = [f"key{n}" for n in range(len(wide))]
    pks = [path.split("/")[2] for path in lists]
    rows = zip(wide, pks, keys, strict=True)
    write_rows(site, "market_watchlist", "name = ?1, share_key = ?3", rows)
    shared = [f"/lists/{key}/" for key in keys]
    check_pages(page, ["/watchlists/", *lists, *(f"{one}delete/" for one in lists), *shared])


def test_reasons_of_reports_do_not_run(open_without_policy, site, shell):
    host, reporter = open_without_policy(), open_without_policy()
    path = create_room(host)
    reasons = pack(300)
    fill_room(shell, path, len(reasons))
    room = int(path.split("/")[2])
    with closing(sqlite3.connect(site.data_dir / "pregao.sqlite3")) as database:
        pks = database.execute("SELECT id FROM forum_message WHERE room_id = ?", [room]).fetchall()
    forms = [
        (f"/report-message/{pk}/", {"reason": reason})
        for (pk,), reason in zip(pks, reasons, strict=True)
    ]
    assert all(check_forms(reporter, forms))
    check_pages(host, [f"{path}moderation/"])
    host.goto(f"{path}moderation/")
    assert host.locator(".reports > li").count() == min(50, len(reasons))


def test_repeated_search_texts_do_not_run(open_without_policy):
    page = open_without_policy()
    queries = [
        urlencode({"q": text, "topic": text[:40]}) for text in pack(60, texts=SHORT_PRINTABLE)
    ]
    check_pages(page, [f"/forum/?{query}" for query in queries])
    check_pages(page, [f"/stockpicker/ALL?{query}" for query in queries[::2]])


@pytest.mark.timeout(240)
def test_texts_of_clubs_ideas_and_events_do_not_run(open_without_policy, site):
    page = open_without_policy()
    club = post(page, "/clubes/novo/", name="Clube", description="x")
    slug = club.split("/")[2]
    start = {"starts_at": "2035-03-10T19:00", "kind": "meeting", "time_zone": "America/Sao_Paulo"}
    event = post(page, "/evento/novo/", title="Encontro", club=slug, **start)
    horizon = f"{date.today() + timedelta(days=30)}"  # noqa: DTZ011 - days away
    terms = {"side": "neutral", "horizon": horizon, "tags": pack(30)[0]}
    idea = post(page, "/ideias/nova/", stock="PETR4", thesis="x", **terms)
    assert all((club, event, idea))

    texts = pack(1900, "\n\n")
    theses = [(f"{idea}editar/", terms | {"thesis": text}) for text in texts]
    descriptions = pack(1000, "\n", PRINTABLE)
    edits = [
        (f"{club}editar/", {"name": name, "description": text, "filtered_words": text})
        for name, text in zip(pack(60, texts=PRINTABLE), descriptions, strict=False)
    ]
    pages = [idea, "/ideias/", f"{club}ideias/", club, f"{club}editar/", "/clubes/", "/"]
    locations: list[str] = []
    for some in zip_longest(theses, edits):
        locations += send_all(page, [form for form in some if form], pages)
    assert sum(bool(path) for path in locations) >= 0.9 * len(locations)

    for text in pack(MAX_STORED_LENGTH):
        write_rows(site, "clubs_club", "name = ?1, description = ?1", [(text, _pk(site, slug))])
        columns = "title = ?1, description = ?1, place = ?1"
        write_rows(site, "agenda_event", columns, [(text, event.split("/")[2])])
        write_rows(site, "ideas_idea", "thesis = ?1", [(text, idea.split("/")[2])])
        shared = ["membros", "convites", "sair", "apagar", "imagem/remover", "alertas", "carteira"]
        below = [f"{club}{name}/" for name in (*shared, "salas", "moderacao", "ideias", "editar")]
        dates = ["/agenda/", "/agenda/?view=month&month=2035-03", event, f"{event}editar/"]
        others = [f"{event}cancelar/", f"{event}vagas/", "/ideias/", idea, "/buscar/?q=alert"]
        check_pages(page, [club, "/clubes/", "/", *below, *dates, *others])


def _pk(site: Instance, slug: str) -> str:
    with closing(sqlite3.connect(site.data_dir / "pregao.sqlite3")) as database:
        query = "SELECT id FROM clubs_club WHERE slug = ?"
        return str(database.execute(query, [slug]).fetchone()[0])
