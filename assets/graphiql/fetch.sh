#!/bin/sh
# Fetches the files of this folder from the npm registry, at the versions below.
set -eu
graphiql=4.1.2
react=18.3.1

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "graphiql@$graphiql" "react@$react" "react-dom@$react" >/dev/null
for name in "graphiql-$graphiql" "react-$react" "react-dom-$react"; do
    mkdir "$name" && tar xzf "$name.tgz" -C "$name" --strip-components=1
done
# Without the line that names a source map, which is not served.
sed 's#^//\# sourceMappingURL=.*$##' "graphiql-$graphiql/graphiql.min.js" >"$here/graphiql.min.js"
cp "graphiql-$graphiql/graphiql.min.css" "$here/"
cp "react-$react/umd/react.production.min.js" "react-dom-$react/umd/react-dom.production.min.js" "$here/"
cp "graphiql-$graphiql/LICENSE" "$here/LICENSE-graphiql"
cp "react-$react/LICENSE" "$here/LICENSE-react"
