// Requests to our own server.

const TIMEOUT_MS = 10_000;

/** A request that failed; the message is a sentence for the reader. */
export class RequestError extends Error {}

/** Return the token that a POST sends as X-CSRFToken. */
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

/**
 * POST an object as JSON, or URLSearchParams or FormData as a form, and return the JSON of the response.
 *
 * Raises RequestError with the server's own message, or with `unreachable` and `refused` when there is none.
 * The error has the messages of single fields in `fields`.
 */
export async function post(url, body, { unreachable, refused, method = "POST", timeoutMs = TIMEOUT_MS }) {
  const isUpload = body instanceof FormData;
  const isForm = body instanceof URLSearchParams || isUpload;
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
  if (!isForm) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, {
      method,
      keepalive: !isUpload, // outlives the page; browsers allow that for 64 KiB
      headers,
      body: isForm ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    throw new RequestError(unreachable);
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok || !answer) {
    throw Object.assign(new RequestError(answer?.message ?? refused), { fields: answer?.fields ?? {} });
  }
  return answer;
}

/**
 * Fetch a fragment of a page as htmx does. Raises AbortError when aborted.
 *
 * Returns {html, isRedirected}; `html` is null when the server failed or redirected, as it does when the
 * session ended.
 */
export async function fetchFragment(url, { signal } = {}) {
  try {
    const response = await fetch(url, { headers: { "HX-Request": "true" }, signal });
    if (!response.ok || response.redirected) return { html: null, isRedirected: response.redirected };
    return { html: await response.text(), isRedirected: false };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { html: null, isRedirected: false };
  }
}

/** Fetch a page and return the element that `selector` names in it, null when it is not there. */
export async function fetchElement(url, selector, { signal } = {}) {
  const response = await fetch(url, { headers: { Accept: "text/html" }, signal });
  if (!response.ok || response.redirected) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.querySelector(selector);
}
