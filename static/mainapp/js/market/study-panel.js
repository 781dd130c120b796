// The popover in which studies of a chart are added, changed and removed.
import { build, buildButton, part } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { accepts, KINDS, MAX_STUDIES, newStudy, studyLabel } from "./studies.js";

/** Attach the panel; `read()` returns the chosen studies, `change(studies)` shows others. */
export function attachStudyPanel(panel, { read, change }) {
  const list = part(panel, "study-list");
  const kinds = part(panel, "study-kinds");

  function replace(studies) {
    change(studies);
    render();
  }

  function remove(index) {
    replace(read().filter((study, i) => i !== index));
    (list.querySelectorAll("button")[index] ?? kinds.querySelector("button")).focus();
  }

  function setParam(index, place, input) {
    const study = read()[index];
    const number = input.valueAsNumber;
    const isValid = accepts(KINDS[study.kind].params[place], number);
    input.setAttribute("aria-invalid", String(!isValid));
    if (!isValid) return;
    const params = study.params.map((param, i) => (i === place ? number : param));
    change(read().map((other, i) => (i === index ? { ...other, params } : other)));
  }

  function render() {
    const studies = read();
    list.replaceChildren(...studies.map((study, index) => row(study, index, { setParam, remove })));
    if (!studies.length) list.append(build("p", { className: "muted" }, gettext("Nenhum indicador.")));
    for (const button of kinds.querySelectorAll("button")) button.disabled = studies.length >= MAX_STUDIES;
  }

  kinds.replaceChildren(
    ...Object.entries(KINDS).map(([kind, { label, name }]) => {
      const attributes = { className: "button button-small", title: name(), "aria-label": `${label}: ${name()}` };
      return buildButton(label, () => replace([...read(), newStudy(kind)]), attributes);
    }),
  );
  render();
}

function row(study, index, { setParam, remove }) {
  const label = studyLabel(study);
  const name = KINDS[study.kind].label;
  const fields = KINDS[study.kind].params.map((param, place) => {
    const { min, max, step = 1 } = param;
    const attributes = { type: "number", className: "input", min, max, step, value: study.params[place] };
    const input = build("input", attributes);
    input.addEventListener("change", () => setParam(index, place, input));
    return build("label", { className: "study-param" }, param.name(), input);
  });
  const removing = gettext("Remover %(study)s", { study: label });
  const button = buildButton("×", () => remove(index), { className: "icon-button", "aria-label": removing });
  return build("div", { className: "study", role: "group", "aria-label": label }, build("b", {}, name), ...fields, button);
}
