#!/usr/bin/env bash
# Run the smoke test of a stage in a workflow, with tokens of the stage's issuer. STAGE names the stage, QUICK=1 asks for
# the short one, and OTHER_VERSION=1 says that the stage has another version than this checkout.
#
# The workflow's own identity buys the tokens (RFC 7523, section 2.2), so that no secret is stored: the issuer must trust
# GitHub's for the client TOKEN_CLIENT. The identity is for TOKEN_ENDPOINT alone, and lives for minutes.
set -euo pipefail

# Set the variable TOKEN to an access token with the scopes. Each has an identity of its own: an issuer may refuse one
# that it has seen before.
buy_token() {
  local identity
  identity=$(curl --fail --silent --show-error --max-time 30 \
    --header "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
    --get --data-urlencode "audience=$TOKEN_ENDPOINT" "$ACTIONS_ID_TOKEN_REQUEST_URL" | jq --exit-status --raw-output .value)
  echo "::add-mask::$identity"
  TOKEN=$(curl --fail --silent --show-error --max-time 30 "$TOKEN_ENDPOINT" \
    --data-urlencode grant_type=client_credentials \
    --data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
    --data-urlencode "client_assertion=$identity" \
    --data-urlencode "client_id=$TOKEN_CLIENT" \
    --data-urlencode "audience=$TOKEN_AUDIENCE" \
    --data-urlencode "scope=$1" | jq --exit-status --raw-output .access_token)
  echo "::add-mask::$TOKEN"
}

buy_token 'todos:read todos:write'
export TODO_LEDGER_TOKEN=$TOKEN
buy_token 'todos:read'
export TODO_LEDGER_READ_TOKEN=$TOKEN

exec make smoke STAGE="$STAGE" QUICK="${QUICK:-}" OTHER_VERSION="${OTHER_VERSION:-}"
