/**
 * Asks `data-url` every `data-seconds` for {version}; when it is another than `data-version`, the element gets the event
 * `refresh`. Rests in a hidden tab and while something is dragged. Without an answer it says so in `data-offline`.
 */

/** @param {HTMLElement} element */
export function mount(element) {
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
    if (now !== version && !("dragging" in element.dataset)) element.dispatchEvent(new CustomEvent("refresh"));
  };

  setTimeout(ask, pause);
}

/** @param {HTMLElement} element @param {boolean} lost */
function offline(element, lost) {
  for (const line of document.querySelectorAll(`[data-offline="${element.id}"]`)) {
    if (line instanceof HTMLElement && line.hidden === lost) line.hidden = !lost;
  }
}
