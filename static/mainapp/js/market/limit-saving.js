// Saving of an alert's limit that was dragged on a chart.
import { post, RequestError } from "../core/http.js";
import { gettext } from "../core/i18n.js";

/** Change a limit by the API of alerts. Raises RequestError with the reason of a refusal. */
export async function saveLimit({ url, kind }, value) {
  const texts = {
    unreachable: gettext("Sem conexão: o alerta não mudou."),
    refused: gettext("O servidor recusou a mudança do alerta."),
  };
  try {
    return await post(url, { [kind]: value }, { ...texts, method: "PATCH" });
  } catch (error) {
    const [reason] = Object.values(error.fields ?? {}).flat();
    throw reason ? new RequestError(reason) : error;
  }
}
