"""HTTP: routes, requests and answers. `resources` has the handlers, `openapi` the contract, `web` the pages."""
