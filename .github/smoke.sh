#!/usr/bin/env bash
# Run the smoke test of a stage in a workflow, with a token of the stage's issuer. STAGE names the stage, QUICK=1 asks for
# the short one, and OTHER_VERSION=1 says that the stage has another version than this checkout.
#
# The workflow's own identity buys the token (RFC 7523, section 2.2), so that no secret is stored: the issuer must trust
# GitHub's for the client TOKEN_CLIENT. The identity is for TOKEN_ENDPOINT alone, and lives for minutes.
set -euo pipefail

identity=$(curl --fail --silent --show-error --max-time 30 \
  --header "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
  --get --data-urlencode "audience=$TOKEN_ENDPOINT" "$ACTIONS_ID_TOKEN_REQUEST_URL" | jq --exit-status --raw-output .value)
echo "::add-mask::$identity"
TODO_LEDGER_TOKEN=$(curl --fail --silent --show-error --max-time 30 "$TOKEN_ENDPOINT" \
  --data-urlencode grant_type=client_credentials \
  --data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
  --data-urlencode "client_assertion=$identity" \
  --data-urlencode "client_id=$TOKEN_CLIENT" \
  --data-urlencode "audience=$TOKEN_AUDIENCE" \
  --data-urlencode "scope=todos:read todos:write" | jq --exit-status --raw-output .access_token)
echo "::add-mask::$TODO_LEDGER_TOKEN"
export TODO_LEDGER_TOKEN

exec make smoke STAGE="$STAGE" QUICK="${QUICK:-}" OTHER_VERSION="${OTHER_VERSION:-}"
