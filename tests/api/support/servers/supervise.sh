# Runs one server for as long as whoever started this script lives: it holds the other end of
# our standard input, and the kernel closes that end however it dies. Then the server is
# stopped and its folder removed.
#
#   sh -c "$(cat supervise.sh)" supervise FOLDER SIGNAL COMMAND...
exec 2>/dev/null # the shell would report each server that is killed
folder=$1 signal=$2
shift 2
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
echo "$server"
cat >/dev/null
kill -s "$signal" "$server" 2>/dev/null
wait "$server"
rm -rf "$folder"
