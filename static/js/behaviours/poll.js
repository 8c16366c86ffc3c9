/**
 * Asks `data-url` every `data-seconds` for {version}; when it is another than `data-version`, the element gets the event
 * `refresh`. Rests in a hidden tab and while something is dragged. Without an answer it says so in `data-offline`.
 */

// What had the focus when a screen drew itself again; its grid comes a moment after it.
const GRID_MS = 150;
/** @type {string | null} */
let focused = null;

/** @param {HTMLElement} element */
export function mount(element) {
  if (focused) setTimeout(comeBack, GRID_MS, element, focused);
  focused = null;
  const { url, version } = element.dataset;
  const pause = Number(element.dataset.seconds ?? 2) * 1000;
  if (!url || !(pause > 0)) return;

  const ask = async () => {
    if (!element.isConnected) return;
    if (!document.hidden && !("dragging" in element.dataset)) await look();
    setTimeout(ask, pause);
  };

  const look = async () => {
    const answer = await fetch(url, { headers: { Accept: "application/json", "X-Unattended": "1" } }).catch(() => null);
    if (answer?.redirected) return window.location.reload();
    offline(element, !answer?.ok);
    if (!answer?.ok) return;
    const now = /** @type {{version: string}} */ (await answer.json()).version;
    if (now !== version && !("dragging" in element.dataset)) redraw(element);
  };

  setTimeout(ask, pause);
}

/** @param {HTMLElement} element */
function redraw(element) {
  focused = element.contains(document.activeElement) ? document.activeElement?.getAttribute("href") ?? null : null;
  element.dispatchEvent(new CustomEvent("refresh"));
}

/** @param {HTMLElement} element @param {string} href */
function comeBack(element, href) {
  if (document.activeElement !== document.body) return;
  for (const link of element.querySelectorAll(`a[href="${CSS.escape(href)}"]`)) {
    if (link instanceof HTMLElement && link.checkVisibility()) return link.focus({ preventScroll: true });
  }
}

/** @param {HTMLElement} element @param {boolean} lost */
function offline(element, lost) {
  for (const line of document.querySelectorAll(`[data-offline="${element.id}"]`)) {
    if (line instanceof HTMLElement && line.hidden === lost) line.hidden = !lost;
  }
}
