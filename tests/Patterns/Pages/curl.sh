#!/usr/bin/env bash
# Stands before `curl` while the commands of a page are run. An answer that tells of an error fails, unless the command shows the status itself. As a reader
# does on a slow machine, it asks again for a while where something is not there yet.
for argument in "$@"; do
  case $argument in -i | --include | -w | --write-out) exec "$PAGE_CURL" --silent --show-error "$@" ;; esac
done
exec "$PAGE_CURL" --silent --show-error "$@" --fail-with-body --retry 20 --retry-delay 1 --retry-all-errors
