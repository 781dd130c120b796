// One idea: live price and distances, its outcome and its comments, by ws/idea/<pk>/.
import { Connection, socketUrl } from "../core/connection.js";
import { parseFragment, setText } from "../core/dom.js";
import { brlPrice, pct } from "../core/number.js";
import { gettext } from "../core/i18n.js";

const SILENCE_MS = 20_000;
const PROBE_MS = 5_000;

const root = document.querySelector("[data-idea]");
const fetching = {};
let revision = null;

new Connection({
  url: () => socketUrl(`/ws/idea/${root.dataset.idea}/`),
  silenceMs: SILENCE_MS,
  probeMs: PROBE_MS,
})
  .start()
  .addEventListener("frame", ({ detail }) => receive(detail.frame));

function receive(frame) {
  if (frame.type === "price") showPrice(frame);
  if (frame.type === "status") showStatus(frame);
}

function showPrice(frame) {
  show("price", brlPrice(frame.price));
  show("target-distance", distance(frame.distance_pct));
  show("stop-distance", distance(frame.stop_distance_pct));
  const start = Number(root.dataset.priceAt);
  const sign = { buy: 1, sell: -1 }[root.dataset.side];
  if (start && sign) {
    const result = ((sign * (Number(frame.price) - start)) / start) * 100;
    const field = find("result");
    setText(field, pct(result.toFixed(2)));
    field.classList.toggle("up", result > 0);
    field.classList.toggle("down", result < 0);
  }
}

/** Fetch the parts again: a revision covers the outcome and the comments. */
function showStatus(frame) {
  if (revision !== null && frame.revision !== revision) {
    refetch("state");
    refetch("comments");
  }
  revision = frame.revision;
}

async function refetch(name) {
  if (fetching[name]) {
    fetching[name].again = true;
    return;
  }
  fetching[name] = { again: false };
  try {
    const answer = await fetch(`${root.dataset.partUrl}?part=${name}`);
    const old = root.querySelector(`[data-part="${name}"]`);
    if (answer.ok && old) old.replaceWith(parseFragment(await answer.text()));
  } catch {
    // The next change fetches it again.
  }
  const { again } = fetching[name];
  fetching[name] = null;
  if (again) refetch(name);
}

function distance(text) {
  return text === null ? "" : gettext("a %(distance)s", { distance: pct(text) });
}

function find(field) {
  return root.querySelector(`[data-field="${field}"]`);
}

function show(field, text) {
  const element = find(field);
  if (element && text) setText(element, text);
}
