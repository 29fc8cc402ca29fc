// What every page does with a script. Loaded before the body, so that the page is drawn once, as it will be.
"use strict";

document.documentElement.classList.add("js");

const isTyping = (element) => element.matches("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");

// "/" goes to the search.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const search = document.querySelector("input[type=search]");
  if (!search || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  search.focus();
  search.select();
});

// A menu closes with Escape, and when one turns to something else.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("[data-menu][open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
for (const turned of ["click", "focusin"]) {
  document.addEventListener(turned, (event) => {
    for (const menu of document.querySelectorAll("[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
}

// A choice sends its form at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-sends]") && !event.target.form.hasAttribute("hx-get")) event.target.form.requestSubmit();
});

// What has changed is said once, in a region that stays; and what went wrong is said at all.
document.addEventListener("htmx:afterSettle", () => {
  const said = document.querySelector("[data-announce]")?.textContent.replace(/\s+/g, " ").trim();
  const live = document.getElementById("live");
  if (said && live.textContent !== said) live.textContent = said;
});
document.addEventListener("htmx:beforeRequest", () => { document.getElementById("trouble").hidden = true; });
document.addEventListener("htmx:sendError", () => say((trouble) => trouble.dataset.offline));
document.addEventListener("htmx:responseError", (event) => say((trouble) => reason(event) || trouble.dataset.refused));

function say(words) {
  const trouble = document.getElementById("trouble");
  trouble.textContent = words(trouble);
  trouble.hidden = false;
}

function reason(event) {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  return [...page.querySelectorAll("main .empty p:not(:has(a))")].map((line) => line.textContent.trim()).join(" ");
}
