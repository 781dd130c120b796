// Passkeys (WebAuthn): create one, or sign a challenge with one, and submit the form with the result.
// The form's `data-passkey` is `create`, `get` or `login`; the options of `login` are fetched when needed.
const BINARY = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendWithPasskey(form);
  });
}

async function sendWithPasskey(form) {
  const status = form.querySelector("[data-part=passkey-status]");
  const button = form.querySelector("[type=submit]");
  status.textContent = "";
  if (!window.PublicKeyCredential) {
    status.textContent = status.dataset.unsupported;
    return;
  }
  button.disabled = true;
  try {
    const credential = await requestCredential(form);
    form.elements.credential.value = JSON.stringify(toJson(credential));
    form.submit();
  } catch (error) {
    status.textContent = error.name === "InvalidStateError" ? status.dataset.known : status.dataset.cancelled;
    button.disabled = false;
  }
}

async function requestCredential(form) {
  const { publicKey } = await optionsOf(form);
  publicKey.challenge = toBytes(publicKey.challenge);
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    publicKey[list] = publicKey[list]?.map((item) => ({ ...item, id: toBytes(item.id) }));
  }
  if (form.dataset.passkey !== "create") return navigator.credentials.get({ publicKey });
  publicKey.user.id = toBytes(publicKey.user.id);
  return navigator.credentials.create({ publicKey });
}

async function optionsOf(form) {
  if (form.dataset.passkey !== "login") {
    return JSON.parse(document.getElementById("passkey-options").textContent);
  }
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

function toJson(credential) {
  const response = {};
  for (const name of BINARY) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

function toBytes(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function toText(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
