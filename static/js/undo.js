// Who ticks an invoice means the ticked ones.
"use strict";

document.addEventListener("change", (event) => {
  if (event.target.name !== "invoice_id" || !event.target.checked) return;
  event.target.form.querySelector("[name=which][value=ticked]").checked = true;
});
