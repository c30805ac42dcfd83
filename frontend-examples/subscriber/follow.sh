#!/bin/sh
# Follows a balance with nothing but curl (server-sent events), and misses nothing when the
# connection is lost:
#
#   TOKEN=eyJ… ./follow.sh u000001
#
# URL=http://host:port/graphql/stream for another service.
set -eu
[ $# = 1 ] && [ -n "${TOKEN-}" ] || { echo "usage: TOKEN=eyJ… $0 UID" >&2; exit 2; }
url=${URL-http://127.0.0.1:8080/graphql/stream}

seen=$(mktemp)
trap 'rm -f "$seen" "$seen.refused"' EXIT
trap 'exit 0' INT TERM

query='subscription ($uids: [ID!]!, $after: [Int!]) { balanceUpdated(uids: $uids, afterVersions: $after) {
    wallet { version balance currency } transaction { type amount } } }'
query=$(printf '%s' "$query" | tr '\n' ' ')

# Each event is a line `data: {…}`. The version is kept: the next connection goes on after it. What
# is refused before there is a stream is one line of JSON, without an end.
show() {
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        *'"errors":'*) complain "$line"; continue ;;
        'data: {'*) ;;
        *) continue ;;
        esac
        version=$(printf '%s' "$line" | sed -n 's/.*"version":\([0-9]*\).*/\1/p')
        [ -z "$version" ] || printf '[%s]' "$version" >"$seen"
        printf '%s\n' "${line#data: }"
    done
}

# Whatever else is wrong may pass; to these, no other try would be answered otherwise.
complain() {
    printf '%s\n' "${1#data: }" >&2
    case $1 in
    *'"code":"UNAUTHENTICATED"'* | *'"code":"FORBIDDEN"'* | *'"code":"BAD_USER_INPUT"'*) touch "$seen.refused" ;;
    esac
}

while :; do
    after=$(cat "$seen")
    variables="{\"uids\":[\"$1\"],\"after\":${after:-null}}"
    curl --silent --no-buffer --fail-with-body "$url" \
        -H "Authorization: Bearer $TOKEN" -H 'Accept: text/event-stream' \
        -H 'Content-Type: application/json' \
        -d "{\"query\":\"$query\",\"variables\":$variables}" | show
    if [ -e "$seen.refused" ]; then exit 1; fi
    echo "lost the connection; again in a second" >&2
    sleep 1
done
