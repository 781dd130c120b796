// Writing: what is sent shows at once, with its state, and comes to its place when it is numbered.
import { part } from "./log.js";
import { keepDraft } from "./outbox.js";
import { gettext } from "../market/quotes.js";

const TYPING_MS = 2500;
const MAX_ROWS_PX = 200;
const touch = window.matchMedia("(hover: none) and (pointer: coarse)");

/** Make the page's form send by the socket; keep it in step with what this person may do. */
export function attachComposer(root, { composer, log, socket, outbox, draftKey, announce }) {
  const box = composer.querySelector("textarea");
  const blocked = part(root, "blocked");
  const user = {
    id: Number(root.dataset.user),
    name: root.dataset.name,
    avatar: root.dataset.avatar || null,
  };
  const keep = keepDraft(box, draftKey);
  let typedAt = 0;
  let may = root.dataset.may.split(" ");
  let isClosed = "closed" in root.dataset;

  function grow() {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, MAX_ROWS_PX)}px`;
  }

  function send() {
    const body = box.value.trim();
    if (!body || !may.includes("send")) return;
    box.value = "";
    keep();
    grow();
    tell("");
    const entry = outbox.add(body);
    log.appendPending(entry, user);
    showState(entry);
    socket.post(entry);
    box.focus();
  }

  function tell(text) {
    const problem = part(composer, "problem");
    problem.hidden = !text;
    problem.textContent = text;
  }

  function showState(entry, text = null) {
    const line = log.pending(entry.client_id)?.querySelector('[data-part="state"]');
    if (!line) return;
    line.hidden = false;
    line.parentElement.parentElement.classList.toggle("failed", entry.failed);
    const words = entry.failed ? gettext("falhou") : waitingText();
    line.replaceChildren(text ? `${words}: ${text}` : words);
    if (!entry.failed) return;
    line.append(
      " ",
      button(gettext("tentar de novo"), () => retry(entry)),
      " ",
      button(gettext("descartar"), () => discard(entry)),
    );
  }

  function waitingText() {
    return socket.state === "open" ? gettext("enviando…") : gettext("espera a conexão…");
  }

  function retry(entry) {
    outbox.fail(entry.client_id, false);
    showState(entry);
    socket.post(entry);
  }

  function discard(entry) {
    outbox.remove(entry.client_id);
    log.dropPending(entry.client_id);
    box.value ||= entry.body;
    keep();
    grow();
    box.focus();
  }

  function showMay() {
    const isAllowed = may.includes("send");
    composer.hidden = !isAllowed;
    blocked.hidden = isAllowed;
    if (isAllowed) return;
    if (socket.sessionEnded) blocked.textContent = gettext("Sua sessão terminou: entre de novo para escrever.");
    else if (isClosed) blocked.textContent = gettext("Esta sala está fechada: lê-se, mas ninguém escreve.");
    else blocked.textContent = gettext("Você foi silenciado nesta sala: pode ler, mas não escrever.");
  }

  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  box.addEventListener("keydown", (event) => {
    const isSending = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (!isSending || touch.matches) return;
    event.preventDefault();
    send();
  });
  box.addEventListener("input", () => {
    grow();
    if (Date.now() - typedAt < TYPING_MS || !box.value.trim()) return;
    if (socket.say({ type: "typing", id: "typing" })) typedAt = Date.now();
  });
  socket.addEventListener("room", ({ detail }) => {
    may = detail.may;
    isClosed = detail.closed;
    showMay();
  });
  socket.addEventListener("state", () => {
    outbox.waiting().forEach((entry) => showState(entry));
    if (socket.sessionEnded) {
      may = [];
      showMay();
    }
  });
  socket.addEventListener("acked", ({ detail }) => {
    const element = log.pending(detail.client_id);
    if (!element) return;
    if (detail.seq <= socket.seq) log.dropPending(detail.client_id); // it stands in the page already
    else part(element, "state").textContent = gettext("enviada");
  });
  socket.addEventListener("refused", ({ detail }) => {
    const entry = outbox.find(detail.client_id);
    if (!entry) return;
    const seconds = Math.ceil(detail.retry_after_s ?? 0);
    const wait = seconds ? gettext("tenta de novo em %(seconds)s s", { seconds }) : "";
    showState(entry, [detail.detail, wait].filter(Boolean).join(" "));
    announce(detail.detail);
  });

  for (const entry of outbox.entries) {
    log.appendPending(entry, user);
    showState(entry);
  }
  if (box.value) grow();
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "link-btn";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}
