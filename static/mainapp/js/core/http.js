// Saving a preference of who is logged in.

const TIMEOUT_MS = 10_000;

/** POST fields with the page's token; an answer that is no success throws a sentence for the reader. */
export async function post(url, fields) {
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      keepalive: true, // lives on when the page is left
      headers: {
        Accept: "application/json",
        "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content ?? "",
      },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new Error(gettext("O servidor não respondeu: a escolha não foi salva."));
  }
  const said = await answer.json().catch(() => null);
  if (!answer.ok || !said) throw new Error(said?.message ?? gettext("A escolha não foi salva: recarregue a página e tente de novo."));
  return said;
}
