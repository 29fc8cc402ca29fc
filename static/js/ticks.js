// Ticks that outlive a search or a page, the bar that says what is ticked, and the panel where it is decided.
// A form with data-ticks holds the list; a dialog with data-panel takes the answer.
"use strict";

(() => {
  const ticks = new Map(); // value of the box → {invoices, facility}
  const form = () => document.querySelector("form[data-ticks]");
  const boxes = () => [...form().querySelectorAll("input[type=checkbox][name]")];

  function note(box) {
    if (box.checked) ticks.set(box.value, { invoices: Number(box.dataset.invoices || 1), facility: box.dataset.facility });
    else ticks.delete(box.value);
  }

  // Tick again what was ticked before the rows were swapped, and send along what is not on this page.
  function show() {
    if (!form()) return;
    const onPage = boxes();
    for (const box of onPage) box.checked = ticks.has(box.value);
    const here = new Set(onPage.map((box) => box.value));
    for (const kept of form().querySelectorAll("input[data-kept]")) kept.remove();
    const name = onPage[0]?.name || form().dataset.ticks || "group";
    for (const value of ticks.keys()) {
      if (here.has(value)) continue;
      const kept = Object.assign(document.createElement("input"), { type: "hidden", name, value });
      kept.dataset.kept = "";
      form().append(kept);
    }
    const all = form().querySelector("[data-tick-all]");
    if (all) {
      const count = onPage.filter((box) => box.checked).length;
      all.checked = count > 0 && count === onPage.length;
      all.indeterminate = count > 0 && count < onPage.length;
      all.disabled = onPage.length === 0;
    }
    sayIn(form().querySelector("[data-dock]"));
  }

  function sayIn(dock) {
    if (!dock) return;
    dock.hidden = ticks.size === 0;
    const found = [...ticks.values()];
    const counts = {
      groups: ticks.size,
      invoices: found.reduce((sum, tick) => sum + tick.invoices, 0),
      facilities: new Set(found.map((tick) => tick.facility)).size,
    };
    for (const place of dock.querySelectorAll("[data-count]")) place.textContent = words(place, counts[place.dataset.count]);
    const go = dock.querySelector("[data-go]");
    if (go.dataset.one) go.textContent = words(go, ticks.size);
  }

  function words(element, count) {
    const number = new Intl.NumberFormat(document.documentElement.lang).format(count);
    return (count === 1 ? element.dataset.one : element.dataset.other).replace("{n}", number);
  }

  document.addEventListener("change", (event) => {
    if (!event.target.closest("form[data-ticks]") || event.target.type !== "checkbox") return;
    if (event.target.matches("[data-tick-all]")) {
      for (const box of boxes()) { box.checked = event.target.checked; note(box); }
    } else note(event.target);
    show();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-clear]")) return;
    ticks.clear();
    show();
    document.querySelector("input[type=search]")?.focus();
  });

  // The panel: a modal dialog keeps the focus inside, closes with Escape, and gives the focus back.
  const panel = () => document.querySelector("dialog[data-panel]");
  function open() {
    if (!panel().open) panel().showModal();
    panel().scrollTop = 0;
    const toConfirm = panel().querySelector("[role=alert]") && panel().querySelector("#confirmation");
    const first = panel().querySelector("input[type=radio]:checked") ?? panel().querySelector("#panel-title");
    (toConfirm || first)?.focus();
  }
  document.addEventListener("click", (event) => {
    if (!panel()?.open) return;
    if (event.target === panel() || event.target.closest("[data-close]")) {
      event.preventDefault();
      panel().close();
    }
  });
  // Whoever writes a code means that code.
  document.addEventListener("input", (event) => {
    if (event.target.id === "typed") document.getElementById("another").checked = true;
  });

  document.addEventListener("click", (event) => {
    const taken = event.target.closest("[data-use]");
    const typed = taken?.closest("form")?.querySelector("#typed");
    if (!typed) return;
    typed.value = taken.dataset.use;
    typed.dispatchEvent(new Event("input", { bubbles: true }));
    typed.focus();
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target === panel() && panel().innerHTML.trim()) open();
    else show();
  });
  document.addEventListener("htmx:historyRestore", show);
  document.addEventListener("consolidated", () => {
    ticks.clear();
    panel()?.close();
    show();
    document.getElementById("main").focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  });
  // A page that the browser shows again has its boxes ticked as they were.
  window.addEventListener("pageshow", () => {
    if (!form()) return;
    for (const box of boxes()) if (box.checked) note(box);
    show();
  });
})();
