// The API's documentation by Swagger UI; readers who are logged in try it with their session.
import { csrfToken } from "../core/http.js";

const container = document.querySelector("#api-docs");

// Swagger UI has a dark mode class of its own.
const root = document.documentElement;
const updateTheme = () => root.classList.toggle("dark-mode", root.dataset.theme === "dark");
new MutationObserver(updateTheme).observe(root, { attributeFilter: ["data-theme"] });
updateTheme();

window.SwaggerUIBundle({
  url: container.dataset.schema,
  domNode: container,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  requestInterceptor(request) {
    if (new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = csrfToken();
    }
    return request;
  },
});
