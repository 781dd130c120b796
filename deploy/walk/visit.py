"""A visitor's hour on the site, in a real browser on a host of its own.

`python -m deploy.walk.visit URL KEY NAME PASSWORD PART…` runs in the visitor's namespace. KEY is
the hash of the certificate's public key: the browser takes this certificate as valid, as passkeys
require. Each line that it prints is `ok` or `FAULT`.
"""

import base64
import hmac
import io
import re
import struct
import sys
import time
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
PROGRAM = "/usr/bin/chromium"
TRACKER = "/stocktracker?stockpicker=PETR4&stockpicker=VALE3"
PRICE = "tr[data-symbol=PETR4] [data-field=price]"
WAIT_MS = 30_000
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def report(what: str, is_fine: bool, detail: object = "") -> None:
    print(f"{'ok   ' if is_fine else 'FAULT'} {what}: {detail}", flush=True)


class Visit:
    """One browser, its person, and what it does."""

    def __init__(self, browser: Browser, url: str, name: str, password: str) -> None:
        self.url, self.name, self.password = url, name, password
        context = browser.new_context(base_url=url, locale="pt-BR")
        context.set_default_timeout(WAIT_MS)
        self.page = context.new_page()
        self.errors: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("response", lambda answer: self._note_answer(answer.status, answer.url))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.errors.append(text)

    def _note_answer(self, status: int, url: str) -> None:
        if status >= 400:
            self.errors.append(f"{status} {url}")

    def see_prices(self) -> None:
        """Watch a price move, over a WebSocket with TLS."""
        sockets: list[str] = []
        self.page.on("websocket", lambda socket: sockets.append(socket.url))
        response = self.page.goto(TRACKER)
        headers = response.headers if response else {}
        report("page", bool(response and response.ok), self.page.url)
        lasting = headers.get("strict-transport-security", "")
        report("HSTS", lasting.startswith("max-age="), lasting)
        found = headers.get("x-request-id", "")
        report("request id", bool(re.fullmatch("[0-9a-f]{32}", found)), found)
        price = self.page.locator(PRICE)
        expect(price).to_have_text(re.compile(r"\d"))
        before = price.inner_text()
        expect(price).not_to_have_text(before, timeout=WAIT_MS)
        report("prices move", True, f"PETR4 {before} -> {price.inner_text()}")
        secure = [each for each in sockets if each.startswith("wss://")]
        report("by wss", bool(sockets) and secure == sockets, sockets[:1])

    def log_in(self, path: str = "/accounts/sessions/") -> None:
        self.page.goto(f"/login/?next={path}")
        self.page.get_by_label("Usuário ou e-mail").fill(self.name)
        self.page.get_by_label("Senha", exact=True).fill(self.password)
        self.page.get_by_role("button", name="Entrar", exact=True).click()

    def log_out(self) -> None:
        self.page.goto("/logout/")
        self.page.get_by_role("main").get_by_role("button", name="Sair").click()

    def read_sessions(self) -> None:
        """Log in and find the visitor's own network in the list of sessions."""
        self.log_in()
        places = self.page.locator(".factor-list .muted").all_inner_texts()
        report("sessions show the visitor", "100.64.7.x" in places, places[:1])
        cookies = self.page.context.cookies()
        plain = [each["name"] for each in cookies if not each["secure"]]
        report("cookies are Secure", not plain, [each["name"] for each in cookies])

    def use_a_passkey(self) -> None:
        """Create a passkey, and log in by it alone and as the second step."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("WebAuthn.enable")
        added = session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self.page.goto("/accounts/2fa/passkeys/add/")
        self._confirm_password()
        self.page.get_by_label("Nome da chave").fill("Notebook")
        self.page.get_by_role("button", name="Criar a chave").click()
        expect(self.page.locator(".recovery-codes li")).to_have_count(10)
        keys = session.send(
            "WebAuthn.getCredentials", {"authenticatorId": added["authenticatorId"]}
        )
        domains = [key["rpId"] for key in keys["credentials"]]
        report("passkey's domain", domains == [self.url.split("/")[2]], domains)
        self.log_out()
        self.page.goto("/login/?next=/accounts/sessions/")
        self.page.get_by_role("button", name="Entrar com chave de acesso").click()
        expect(self.page.get_by_role("heading", name="Sessões")).to_be_visible()
        self.log_out()
        self.log_in()
        self.page.get_by_role("button", name="Usar a chave de acesso").click()
        expect(self.page.get_by_role("heading", name="Sessões")).to_be_visible()
        report("passkey", True, "alone and as the second step")

    def use_an_app(self) -> None:
        """Activate an app, and log in with its code."""
        self.page.goto("/accounts/2fa/app/")
        self._confirm_password()
        secret = self.page.locator(".factor-secret").inner_text()
        used = code_of(secret)
        self.page.get_by_label("Código", exact=True).fill(used)
        self.page.get_by_role("button", name="Ativar").click()
        self.page.wait_for_load_state()
        self.log_out()
        while code_of(secret) == used:  # a code is valid once
            time.sleep(1)
        self.log_in()
        self.page.get_by_label("Código", exact=True).fill(code_of(secret))
        self.page.get_by_role("button", name="Entrar", exact=True).click()
        expect(self.page.get_by_role("heading", name="Sessões")).to_be_visible()
        report("app's code", True, "activated and used")

    def _confirm_password(self) -> None:
        field = self.page.get_by_label("Senha", exact=True)
        if field.count():
            field.fill(self.password)
            self.page.get_by_role("button", name="Continuar").click()

    def send_pictures(self) -> None:
        """Upload a profile picture; print its address for the hosts to be asked for."""
        self.page.goto("/accounts/sessions/")
        self.page.get_by_role("link", name="Seu perfil").first.click()
        file = {"name": "eu.png", "mimeType": "image/png", "buffer": picture()}
        own = self.page.locator(".profile-picture img[src*='/avatar/']")
        before = own.get_attribute("src") if own.count() else ""
        form = self.page.locator("form[action*=update-picture]")
        form.locator("input[type=file]").set_input_files([file])  # type: ignore[arg-type]
        form.get_by_role("button", name="Enviar foto").click()
        expect(own).not_to_have_attribute("src", before or "none")
        source = own.get_attribute("src") or ""
        fetch = f"() => fetch('{source}', {{cache: 'reload'}}).then(answer => answer.status)"
        codes = {self.page.evaluate(fetch) for _ in range(10)}
        report("picture, ten times through the proxy", codes == {200}, source)


def code_of(secret: str) -> str:
    """Return an app's code of now (RFC 6238)."""
    key = base64.b32decode("".join(secret.split()))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 10**6:06d}"


def picture() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((200, 200), 80).convert("RGB").save(file, "PNG")
    return file.getvalue()


PARTS: dict[str, Callable[[Visit], None]] = {
    "prices": Visit.see_prices,
    "sessions": Visit.read_sessions,
    "passkey": Visit.use_a_passkey,
    "app": Visit.use_an_app,
    "pictures": Visit.send_pictures,
}


def main() -> None:
    url, key, name, password, *parts = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PROGRAM,
            args=[*ARGUMENTS, f"--ignore-certificate-errors-spki-list={key}"],
        )
        visit = Visit(browser, url, name, password)
        for part in parts or PARTS:
            try:
                PARTS[part](visit)
            except Exception as error:
                report(part, False, f"{type(error).__name__}: {str(error)[:600]}")
                shoot(visit.page, part)
        report("console", not visit.errors, visit.errors[:3] or "empty")
        browser.close()


def shoot(page: Page, part: str) -> None:
    page.screenshot(path=f"/tmp/walk-{part}.png")  # noqa: S108 - for the person who reads the fault


if __name__ == "__main__":
    main()
