"use strict";

// Draws the schema. Nothing is asked of another host: the validator's badge would be.
SwaggerUIBundle({
  dom_id: "#api",
  url: document.getElementById("api").dataset.schema,
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  requestInterceptor: withToken,
});

// Somebody signed in may try a change too: Django asks for the token of the session.
function withToken(request) {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  if (token && new URL(request.url, location.href).origin === location.origin) {
    request.headers["X-CSRFToken"] = decodeURIComponent(token[1]);
  }
  return request;
}
