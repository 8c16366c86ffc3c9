/** “Still true” puts an earlier answer into its question, S does so from the question, “All still true” for a section. */
import { answered, fill } from "../questions.js";

/** @param {HTMLElement} element a form whose rows may hold a button `[data-still]` */
export function mount(element) {
  const form = /** @type {HTMLFormElement} */ (element);

  /** @param {Element} row */
  const confirm = (row) => {
    const button = row.querySelector("[data-still]");
    if (!(button instanceof HTMLElement) || answered(row)) return false;
    fill(form, JSON.parse(button.dataset.still ?? "{}"));
    return true;
  };

  /** @param {Element} from */
  const tell = (from) => {
    form.dispatchEvent(new Event("change", { bubbles: true }));
    from.dispatchEvent(new CustomEvent("answered", { bubbles: true }));
  };

  form.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-still], [data-all-still]") : null;
    if (!button) return;
    event.preventDefault();
    const scope = button.hasAttribute("data-still") ? button.closest("[data-question]") : button.closest("section");
    if (!scope) return;
    const rows = scope.matches("[data-question]") ? [scope] : [...scope.querySelectorAll("[data-question]:has([data-together])")];
    rows.forEach(confirm);
    tell(button);
  });

  form.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "s" || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    const row = target?.closest("[data-question]");
    // A letter typed into words is a letter.
    if (!row || !target || target.matches("textarea") || !confirm(row)) return;
    event.preventDefault();
    tell(target);
  });
}
