// Dropping a file where one could choose it, and saying at once that it is too large.
"use strict";

for (const form of document.querySelectorAll("form[data-upload]")) {
  const drop = form.querySelector("[data-drop]");
  const input = form.querySelector("input[type=file]");
  const text = form.querySelector("textarea");
  const error = form.querySelector(".error");
  let depth = 0; // entering a child of the zone leaves the zone itself

  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  const mark = () => drop.classList.toggle("over", depth > 0);

  drop.addEventListener("dragenter", (event) => { if (isFile(event)) { depth += 1; mark(); } });
  drop.addEventListener("dragleave", (event) => { if (isFile(event)) { depth -= 1; mark(); } });
  drop.addEventListener("dragover", (event) => { if (isFile(event)) event.preventDefault(); });
  drop.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    depth = 0;
    mark();
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    form.querySelector("button.go").focus();
  });

  input.addEventListener("change", () => {
    const [file] = input.files;
    const isTooLarge = file && file.size > Number(form.dataset.most);
    error.textContent = isTooLarge ? form.dataset.tooLarge : "";
    error.hidden = !isTooLarge;
    if (isTooLarge) input.value = "";
    else if (file) text.value = "";
  });
}
