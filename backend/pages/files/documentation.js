// Shows the OpenAPI document that this Duly serves.
const at = (path) => new URL(`../${path}`, import.meta.url).href;

const ui = SwaggerUIBundle({
  url: at("openapi.json"),
  dom_id: "#api",
  deepLinking: true,
  tryItOutEnabled: true,
  requestSnippetsEnabled: true,
  onComplete: signIn,
});

// In development nobody has to fetch a token before the first call.
async function signIn() {
  const { user } = document.body.dataset;
  if (!user) return;
  const answer = await fetch(at(`tokens/${user}`));
  if (answer.ok) ui.preauthorizeApiKey("bearer", (await answer.text()).trim());
}
