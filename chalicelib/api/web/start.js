// Shows the contract, ready to send requests; a token is kept in this page's memory alone.
SwaggerUIBundle({
  url: document.currentScript.dataset.contract,
  dom_id: "#contract",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
