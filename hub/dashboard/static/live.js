// Keeps [data-live="seconds"] parts of the page fresh while somebody looks at it, and asks
// before a form with data-confirm is sent. The pages work without it.
"use strict";

const settle = (form) => form.addEventListener("submit", (event) => {
  if (!window.confirm(form.dataset.confirm)) event.preventDefault();
});

const prepare = (part) => part.querySelectorAll("form[data-confirm]").forEach(settle);

async function refresh(part) {
  const busy = document.hidden || part.contains(document.activeElement);
  if (!busy) {
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      if (answer.redirected) return location.reload();
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("[data-live]");
        if (fresh) {
          part.innerHTML = fresh.innerHTML;
          part.dataset.live = fresh.dataset.live;
          prepare(part);
        }
      }
    } catch {
      // the hub is away: what is shown stays, the next round tries again
    }
  }
  setTimeout(refresh, Number(part.dataset.live) * 1000, part);
}

prepare(document);
document.querySelectorAll("[data-live]").forEach((part) =>
  setTimeout(refresh, Number(part.dataset.live) * 1000, part));
