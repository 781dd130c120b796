// The card "Neste aparelho" on the page of channels.
import { part } from "../core/dom.js";
import { pushObstacle, readState, switchOn, unsubscribe } from "./device.js";

const card = document.querySelector("[data-device]");
const { url } = card.dataset;
const problem = part(card, "problem");

function show(name) {
  for (const text of card.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== name;
}

async function showState() {
  const obstacle = pushObstacle();
  if (obstacle) return show(obstacle);
  const { device, key } = await readState(url);
  return show(device ? "on" : key ? "off" : "unready");
}

async function onSwitch(button) {
  button.disabled = true;
  problem.textContent = "";
  try {
    await switchOn(url, document.body.dataset.member);
    window.location.reload();
  } catch (error) {
    await unsubscribe();
    problem.textContent = error.message;
  }
  button.disabled = false;
}

part(card, "switch").addEventListener("click", (event) => onSwitch(event.currentTarget));
showState().catch((error) => (problem.textContent = error.message));
