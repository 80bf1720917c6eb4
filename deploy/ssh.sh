#!/bin/bash
# Runs a command by a worker on each of several machines, the first of which leads:
#
#   HOSTS="10.0.0.1 10.0.0.2" deploy/ssh.sh train --config configs/dps.yaml
#   HOSTS="10.0.0.1 10.0.0.2" deploy/ssh.sh evaluate --checkpoint runs/00001-dps
#
# Each has this checkout at the same path, on a disk that all share, and may be entered by ssh without a password. The addresses
# are those by which the machines reach each other. PORT (default: 2222) must be free on all.
set -eu

read -ra hosts <<<"${HOSTS:?the addresses of the machines, with spaces between}"
list=$(printf ',"%s"' "${hosts[@]/%/:${PORT:-2222}}")
arguments=$(printf ' %q' "$@")
started=()
for index in "${!hosts[@]}"; do
  config="{\"cluster\": {\"worker\": [${list:1}]}, \"task\": {\"type\": \"worker\", \"index\": $index}}"
  # With a terminal (-tt) the worker ends with the connection.
  ssh -tt -o BatchMode=yes "${hosts[index]}" \
    "cd $(printf %q "$PWD") && TF_CONFIG=$(printf %q "$config") exec node scripts/run.mjs$arguments" \
    </dev/null > >(sed -u "s/^/[$index] /") 2>&1 &
  started+=($!)
done
trap 'kill "${started[@]}" 2>/dev/null' INT TERM
status=0
for process in "${started[@]}"; do
  wait "$process" || status=$?
done
exit "$status"
