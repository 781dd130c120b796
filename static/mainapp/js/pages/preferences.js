// Saving a preference in the account.
import { post } from "../core/http.js";
import { gettext } from "../core/i18n.js";

/** Save one preference; raises RequestError with a sentence for the reader. */
export function savePreference(url, name, value) {
  return post(url, new URLSearchParams({ [name]: value }), {
    unreachable: gettext("O servidor não respondeu: a escolha não foi salva."),
    refused: gettext("A escolha não foi salva: recarregue a página e tente de novo."),
  });
}
