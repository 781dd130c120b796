// What is done with a message: editing in its place, deleting after a question.
import { part } from "./log.js";
import { gettext } from "../market/quotes.js";

/** Take over the links of the messages' menus; `limit(elements)` leaves those that one may use. */
export function attachActions(root, { log, socket, userId, announce }) {
  let may = root.dataset.may.split(" ");
  const dialog = part(root, "delete-dialog");
  let doomed = null;

  function limit(elements) {
    for (const element of elements) {
      const menu = part(element, "menu");
      if (!menu) continue;
      const isOwn = userId !== null && Number(element.dataset.author) === userId;
      const allowed = {
        edit: isOwn && may.includes("edit"),
        delete: may.includes(isOwn ? "delete" : "delete_any"),
        report: !isOwn && may.includes("report"),
        mute: !isOwn && Boolean(element.dataset.author) && may.includes("mute"),
      };
      let some = false;
      for (const action of menu.querySelectorAll("[data-action]")) {
        action.hidden = !allowed[action.dataset.action];
        some ||= !action.hidden;
      }
      menu.hidden = !some;
    }
  }

  function edit(element) {
    const body = part(element, "body");
    if (element.querySelector(".msg-edit")) return;
    const form = editor(element.dataset.body);
    const box = form.querySelector("textarea");
    const close = () => {
      form.remove();
      body.hidden = false;
    };
    body.hidden = true;
    body.after(form);
    box.focus();
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("reset", close);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = box.value.trim();
      const seq = Number(element.dataset.seq);
      const problem = form.querySelector("[role=alert]");
      if (text === element.dataset.body) close();
      else if (!socket.say({ type: "edit", seq, body: text, id: `edit-${seq}` })) {
        problem.textContent = gettext("Sem conexão: tente de novo.");
      }
    });
  }

  function ask(element) {
    doomed = element;
    part(dialog, "excerpt").textContent = part(element, "body").textContent.trim().slice(0, 140);
    dialog.showModal();
  }

  log.list.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-action]");
    const element = link?.closest(".msg");
    if (!element || socket.state !== "open") return;
    const canEdit = link.dataset.action === "edit" && element.dataset.body !== undefined;
    if (!canEdit && link.dataset.action !== "delete") return;
    event.preventDefault();
    part(element, "menu").open = false;
    if (canEdit) edit(element);
    else ask(element);
  });
  document.addEventListener("click", (event) => {
    for (const menu of log.list.querySelectorAll(".msg-menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  dialog?.addEventListener("close", () => {
    const seq = Number(doomed?.dataset.seq);
    doomed = null;
    if (dialog.returnValue === "delete" && seq) socket.say({ type: "delete", seq, id: `delete-${seq}` });
    dialog.returnValue = "";
  });
  socket.addEventListener("edited", ({ detail }) => {
    log.find(detail.seq)?.querySelector(".msg-edit")?.reset(); // whoever changed it
  });
  socket.addEventListener("problem", ({ detail }) => {
    const seq = /^edit-(\d+)$/.exec(detail.id ?? "")?.[1];
    const problem = seq && log.find(seq)?.querySelector(".msg-edit [role=alert]");
    if (problem) problem.textContent = detail.detail;
    else if (detail.id !== "typing") announce(detail.detail);
  });
  socket.addEventListener("room", ({ detail }) => {
    may = detail.may;
    part(root, "closed").hidden = !detail.closed;
    limit(log.list.querySelectorAll(".msg"));
  });
  return { limit };
}

function editor(text) {
  const form = document.createElement("form");
  form.className = "msg-edit";
  const box = Object.assign(document.createElement("textarea"), { value: text, maxLength: 4000, rows: 3, className: "form-control" });
  box.setAttribute("aria-label", gettext("Mensagem"));
  const problem = Object.assign(document.createElement("p"), { className: "composer-problem" });
  problem.setAttribute("role", "alert");
  const save = Object.assign(document.createElement("button"), { type: "submit", className: "btn btn-primary", textContent: gettext("Guardar") });
  const cancel = Object.assign(document.createElement("button"), { type: "reset", className: "btn", textContent: gettext("Cancelar") });
  const buttons = Object.assign(document.createElement("div"), { className: "form-actions" });
  buttons.append(save, cancel);
  form.append(box, problem, buttons);
  return form;
}
