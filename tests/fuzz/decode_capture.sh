#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# decode_capture.sh CAPNP SCHEMA MAKE_CORPUS PAGE: the stock tool reads every message of a capture and nothing but
# messages. The bytes on the format's page are the program's.
set -eu
capnp=$1 schema=$2 make_corpus=$3 page=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$make_corpus" capture "$folder/a"
"$capnp" decode --short "$schema" Message <"$folder/a" >"$folder/text" 2>"$folder/errors"
cat "$folder/errors"
test ! -s "$folder/errors"

# One line for each message and each seal, in order.
cut -d' ' -f1 "$folder/text" | tr -d '(' | tr '\n' ' ' >"$folder/kinds"
cat "$folder/kinds"
test "$(cat "$folder/kinds")" = "hello seal context seal snapshot seal batch seal heartbeat seal numbers seal seal "
grep -q 'hostName = "web1"' "$folder/text"
tail -n 1 "$folder/text" | grep -q 'messages = 6, end = true'

"$make_corpus" example "$folder/example"
od -A x -t x1 -w8 -v "$folder/example" >"$folder/dump"
test -s "$folder/dump"
while read -r line; do
  grep -qxE -- "$line( .*)?" "$page" || { echo "not in $page: $line"; exit 1; }
done <"$folder/dump"
