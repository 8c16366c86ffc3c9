/**
 * Zones by area: the usual ones and those with an area stand in sight, the others come when they are picked on the
 * drawing or by the button with the words of `data-all`. The drawing shows what has an area. Without scripts all stand.
 */

/** @param {HTMLElement} element holds rows marked `[data-zone-row]` and a drawing with `[data-zone]` */
export function mount(element) {
  const rows = /** @type {HTMLElement[]} */ ([...element.querySelectorAll("[data-zone-row]")]);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet btn-sm";
  button.textContent = element.dataset.all ?? "";

  /** @param {HTMLElement} row */
  const typed = (row) => row.querySelector("input")?.value.trim() !== "";
  const show = () => {
    for (const row of rows) {
      if (typed(row)) row.hidden = false;
      element.querySelector(`[data-zone="${row.dataset.zoneRow}"]`)?.classList.toggle("done", typed(row));
    }
    button.hidden = rows.every((row) => !row.hidden);
  };

  for (const row of rows) row.hidden = !("first" in row.dataset) && !typed(row) && !row.querySelector(".is-invalid");
  button.addEventListener("click", () => {
    const first = rows.find((row) => row.hidden);
    for (const row of rows) row.hidden = false;
    show();
    first?.querySelector("input")?.focus();
  });
  element.addEventListener("click", (event) => {
    const zone = event.target instanceof Element ? event.target.closest("[data-zone]") : null;
    const row = zone instanceof SVGElement ? rows.find((each) => each.dataset.zoneRow === zone.dataset.zone) : undefined;
    if (!row) return;
    row.hidden = false;
    show();
    row.querySelector("input")?.select();
  });
  element.addEventListener("input", show);
  (element.querySelector("[data-zones-more]") ?? element).append(button);
  show();
}
