/** Arrow keys go from tile to tile, through the days of a view and through the views; V compares the one in focus. */

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** @param {HTMLElement} element */
export function mount(element) {
  const rows = [...element.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")]);
  element.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "v" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const tile = document.activeElement;
      window.location.assign(tile instanceof HTMLAnchorElement && "tile" in tile.dataset ? tile.href : element.dataset.compare ?? "");
      return;
    }
    const step = STEPS[event.key];
    if (!step) return;
    const next = following(rows, step);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

/** The next tile in a direction, empty places passed over. @param {Element[][]} rows @param {[number, number]} step */
function following(rows, [down, right]) {
  let line = rows.findIndex((cells) => cells.some((cell) => cell.contains(document.activeElement)));
  let place = rows[line]?.findIndex((cell) => cell.contains(document.activeElement)) ?? -1;
  while (line >= 0 && rows[line + down]?.[place + right]) {
    [line, place] = [line + down, place + right];
    const tile = rows[line][place].querySelector("[data-tile]");
    if (tile instanceof HTMLElement) return tile;
  }
  return null;
}
