// Shows what was typed into a field that hides it; the markup is in mainapp/parts/field.html.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = button.previousElementSibling;
  button.hidden = false;
  button.addEventListener("click", () => {
    const isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isShown));
    input.type = isShown ? "text" : "password";
  });
  // Browsers store the values of text fields for later suggestions.
  input.form.addEventListener("submit", () => (input.type = "password"));
}
